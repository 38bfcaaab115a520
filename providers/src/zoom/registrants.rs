use std::collections::HashMap;

use async_trait::async_trait;
use futures::StreamExt;
use lectern_core::provider::{
    Admission, Call, ErrorKind, JoinUrl, MeetingRef, ProviderError, Registrant, RegistrantRef,
    RegistrantState, Registrants, Registration, Result,
};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    client::{Ask, begin, meeting_segment},
    config::Zoom,
    oauth::Scopes,
    wire,
};
use crate::transport::{Allowance, Label};

/// The most registrants of one batch.
const BATCH: usize = 30;
/// Single registrations under way together.
const TOGETHER: usize = 6;
const REGISTER: &str = "register";

fn status(state: RegistrantState) -> &'static str {
    match state {
        RegistrantState::Approved => "approved",
        RegistrantState::Pending => "pending",
        RegistrantState::Denied => "denied",
    }
}

fn invalid(field: &str) -> ProviderError {
    ProviderError::new(crate::zoom::NAME, REGISTER, ErrorKind::Invalid(field.to_owned()))
}

/// The person as Zoom takes it. A name is cut; an address that is too long is refused, because a shorter one is another's.
fn person(who: &Registrant) -> Result<Value> {
    let first = wire::cut(who.first_name.trim(), wire::NAME);
    if first.is_empty() {
        return Err(invalid("first_name"));
    }
    if who.email.is_empty() || who.email.chars().count() > wire::EMAIL {
        return Err(invalid("email"));
    }
    let mut person = json!({"email": who.email, "first_name": first});
    if let Some(last) = who.last_name.as_deref().map(str::trim).filter(|last| !last.is_empty()) {
        person["last_name"] = json!(wire::cut(last, wire::NAME));
    }
    Ok(person)
}

/// The same failure for another member of a batch.
fn again(error: &ProviderError) -> ProviderError {
    ProviderError {
        kind: error.kind.clone(),
        repaired_by: error.repaired_by,
        retry: error.retry,
        provider: error.provider,
        operation: error.operation,
        vendor_code: error.vendor_code.clone(),
        step: error.step.clone(),
        maybe_done: error.maybe_done,
        source: None,
    }
}

/// Whether a batch was refused for what it is or for one of its members, so that single calls can still succeed.
fn singly_instead(error: &ProviderError) -> bool {
    matches!(
        error.kind,
        ErrorKind::Conflict | ErrorKind::Invalid(_) | ErrorKind::ScopeMissing(_) | ErrorKind::Unexpected
    )
}

impl Zoom {
    fn admission(&self, registrant_id: String, join_url: &str) -> Result<Admission> {
        Ok(Admission { registrant_id, join_url: JoinUrl(self.browser_url(REGISTER, join_url)?) })
    }

    async fn listed(
        &self,
        id: &str,
        state: RegistrantState,
        time: &Allowance,
    ) -> Result<Vec<wire::ListedRegistrant>> {
        const OPERATION: &str = "list registrants";
        let path = format!("/meetings/{}/registrants", meeting_segment(OPERATION, id)?);
        let list = || {
            Ask::new(OPERATION, Method::GET, Label::Medium, "/meetings/{id}/registrants", path.clone())
                .query("status", status(state))
        };
        self.ask_all::<wire::RegistrantPage>(list, time).await
    }

    async fn set_status(
        &self,
        operation: &'static str,
        id: &str,
        action: &str,
        who: Value,
        time: &Allowance,
    ) -> Result<()> {
        let path = format!("/meetings/{}/registrants/status", meeting_segment(operation, id)?);
        let ask = Ask::new(operation, Method::PUT, Label::Medium, "/meetings/{id}/registrants/status", path)
            .json(json!({"action": action, "registrants": [who]}));
        self.ask(&ask, time).await.map(|_| ())
    }

    async fn approved(&self, id: &str, email: &str, time: &Allowance) -> Result<Option<Admission>> {
        let mut listed = self.listed(id, RegistrantState::Approved, time).await?.into_iter();
        let found = listed.find(|one| one.email.eq_ignore_ascii_case(email));
        match found.map(|one| (one.id, one.join_url)) {
            Some((id, Some(url))) => self.admission(id, &url).map(Some),
            _ => Ok(None),
        }
    }

    /// Zoom gave no link: the registrant is known and approved, or waits, or was once refused.
    async fn approve(
        &self,
        id: &str,
        answer: wire::Registered,
        email: &str,
        time: &Allowance,
    ) -> Result<Admission> {
        if let Some(admission) = self.approved(id, email, time).await? {
            return Ok(admission);
        }
        let who = json!({"id": answer.registrant_id, "email": email});
        self.set_status("approve registrant", id, "approve", who, time).await?;
        // Someone who was cancelled may stay refused: a new seat needs a new address.
        self.approved(id, email, time).await?.ok_or_else(|| {
            ProviderError::new(crate::zoom::NAME, REGISTER, ErrorKind::Conflict).vendor_code("not approved")
        })
    }

    async fn register_one(&self, id: &str, who: &Registrant, time: &Allowance) -> Result<Admission> {
        let mut body = person(who)?;
        body["auto_approve"] = json!(true);
        let path = format!("/meetings/{}/registrants", meeting_segment(REGISTER, id)?);
        // The same address gives the same registrant, so it may be repeated; but Zoom allows three calls a day for one.
        let ask = Ask::new(REGISTER, Method::POST, Label::Light, "/meetings/{id}/registrants", path)
            .json(body)
            .repeatable(2);
        let answer: wire::Registered = self.ask_json(&ask, time).await?;
        match &answer.join_url {
            Some(url) if !answer.registrant_id.is_empty() => {
                self.admission(answer.registrant_id.clone(), url)
            }
            _ => self.approve(id, answer, &who.email, time).await,
        }
    }

    async fn register_singly(
        &self,
        id: &str,
        who: &[Registrant],
        time: &Allowance,
    ) -> Vec<Result<Admission>> {
        let mut all = Vec::with_capacity(who.len());
        for one in who {
            all.push(self.register_one(id, one, time));
        }
        futures::stream::iter(all).buffered(TOGETHER).collect().await
    }

    async fn register_batch(
        &self,
        id: &str,
        who: &[Registrant],
        time: &Allowance,
    ) -> Result<HashMap<String, Admission>> {
        let people = who.iter().map(person).collect::<Result<Vec<_>>>()?;
        let path = format!("/meetings/{}/batch_registrants", meeting_segment(REGISTER, id)?);
        let ask = Ask::new(REGISTER, Method::POST, Label::Heavy, "/meetings/{id}/batch_registrants", path)
            .json(
                json!({"auto_approve": true, "registrants_confirmation_email": false, "registrants": people}),
            )
            .repeatable(2);
        let answer: wire::RegisteredBatch = self.ask_json(&ask, time).await?;
        let mut admissions = HashMap::new();
        for one in answer.registrants {
            if let Some(url) = one.join_url.filter(|_| !one.registrant_id.is_empty()) {
                admissions.insert(one.email.to_ascii_lowercase(), self.admission(one.registrant_id, &url)?);
            }
        }
        Ok(admissions)
    }

    async fn register_chunk(&self, id: &str, who: &[Registrant], time: &Allowance) -> Vec<Result<Admission>> {
        let mut admissions = match self.register_batch(id, who, time).await {
            Ok(admissions) => admissions,
            Err(error) if singly_instead(&error) => return self.register_singly(id, who, time).await,
            Err(error) => return who.iter().map(|_| Err(again(&error))).collect(),
        };
        let mut results = Vec::with_capacity(who.len());
        for one in who {
            results.push(match admissions.get_mut(&one.email.to_ascii_lowercase()) {
                Some(admission) => Ok(admission.clone()),
                None => self.register_one(id, one, time).await,
            });
        }
        results
    }
}

#[async_trait]
impl Registrants for Zoom {
    async fn register(&self, call: &Call, meeting: &MeetingRef, who: &Registrant) -> Result<Admission> {
        self.register_one(&meeting.id, who, &begin(call)).await
    }

    async fn register_many(
        &self,
        call: &Call,
        meeting: &MeetingRef,
        who: &[Registrant],
    ) -> Vec<Result<Admission>> {
        let time = begin(call);
        let batches = self
            .connection
            .as_ref()
            .is_some_and(|connection| Scopes::new(&connection.scopes).may("meeting:write:batch_registrants"));
        let mut results = Vec::with_capacity(who.len());
        for chunk in who.chunks(BATCH) {
            if batches && chunk.len() > 1 {
                results.extend(self.register_chunk(&meeting.id, chunk, &time).await);
            } else {
                results.extend(self.register_singly(&meeting.id, chunk, &time).await);
            }
        }
        results
    }

    fn room_now(&self, count: u32) -> bool {
        self.connection
            .as_ref()
            .is_some_and(|connection| self.transport.room_now(&self.budget(connection, Label::Light), count))
    }

    async fn cancel(&self, call: &Call, meeting: &MeetingRef, registrant: &RegistrantRef) -> Result<()> {
        const OPERATION: &str = "cancel registrant";
        let time = begin(call);
        let who = json!({"id": registrant.id, "email": registrant.email});
        let refused = match self.set_status(OPERATION, &meeting.id, "cancel", who, &time).await {
            Ok(()) => return Ok(()),
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(()),
            Err(error) if matches!(error.kind, ErrorKind::Conflict | ErrorKind::Invalid(_)) => error,
            Err(error) => return Err(error),
        };
        // Refused because there is nothing to take back? Then it is done.
        match self.listed(&meeting.id, RegistrantState::Approved, &time).await {
            Ok(approved) if approved.iter().all(|one| one.id != registrant.id) => Ok(()),
            Ok(_) | Err(_) => Err(refused),
        }
    }

    async fn list(
        &self,
        call: &Call,
        meeting: &MeetingRef,
        state: RegistrantState,
    ) -> Result<Vec<Registration>> {
        let listed = self.listed(&meeting.id, state, &begin(call)).await?;
        listed
            .into_iter()
            .map(|one| {
                let join_url = one.join_url.filter(|_| state == RegistrantState::Approved);
                Ok(Registration {
                    join_url: join_url
                        .map(|url| self.browser_url("list registrants", &url))
                        .transpose()?
                        .map(JoinUrl),
                    name: [Some(one.first_name), one.last_name]
                        .into_iter()
                        .flatten()
                        .collect::<Vec<_>>()
                        .join(" "),
                    id: one.id,
                    email: one.email,
                    state,
                })
            })
            .collect()
    }
}
