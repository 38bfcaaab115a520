use async_trait::async_trait;
use futures::StreamExt;
use lectern_core::{
    provider::{
        Admission, Call, ErrorKind, JoinUrl, MeetingRef, ProviderError, Registrant, RegistrantRef,
        RegistrantState, Registrants, Registration, Result,
    },
    secret::SecretString,
};
use reqwest::Method;
use serde_json::json;

use super::{
    client::{Api, Ask, begin},
    config::Meet,
    error, wire,
};
use crate::transport::{Allowance, Label};

/// Members made together.
const TOGETHER: usize = 6;
const REGISTER: &str = "register";
const CO_HOST: &str = "COHOST";

impl Meet {
    pub(super) async fn members(
        &self,
        operation: &'static str,
        id: &str,
        time: &Allowance,
    ) -> Result<Vec<wire::Member>> {
        let path = wire::path(operation, id, &["spaces"])?;
        let list = || Ask::new(operation, Method::GET, "/spaces/{space}/members", format!("{path}/members"));
        self.ask_all::<wire::MemberPage>(list, time).await
    }

    /// One that is already gone is fine.
    pub(super) async fn remove_member(
        &self,
        operation: &'static str,
        name: &str,
        time: &Allowance,
    ) -> Result<()> {
        let path = wire::path(operation, name, &["spaces", "members"])?;
        let ask = Ask::new(operation, Method::DELETE, "/spaces/{space}/members/{member}", path);
        match self.ask(&ask, time).await {
            Ok(_) => Ok(()),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Puts an address on the list. What Google answers for one that is on it is not documented: a refusal is looked into.
    async fn enlist(&self, id: &str, who: &Registrant, time: &Allowance) -> Result<String> {
        if who.email.is_empty() {
            return Err(ProviderError::new(
                crate::meet::NAME,
                REGISTER,
                ErrorKind::Invalid("email".to_owned()),
            ));
        }
        let path = wire::path(REGISTER, id, &["spaces"])?;
        let ask = Ask::new(REGISTER, Method::POST, "/spaces/{space}/members", format!("{path}/members"))
            .json(json!({"email": who.email}))
            .repeatable(2);
        let refused = match self.ask_json::<wire::Member>(&ask, time).await {
            Ok(member) => return Ok(member.name),
            Err(error) if error::exists_already(&error) => error,
            Err(error) => return Err(error),
        };
        let members = self.members(REGISTER, id, time).await?;
        let known = members.into_iter().find(|member| member.email.eq_ignore_ascii_case(&who.email));
        known.map(|member| member.name).ok_or(refused)
    }

    /// The one link of a space.
    async fn shared_link(&self, operation: &'static str, id: &str, time: &Allowance) -> Result<SecretString> {
        let space = self.space(operation, id, time).await?;
        self.browser_url(operation, &space.meeting_uri)
    }
}

fn again(error: &ProviderError) -> ProviderError {
    let mut copy = ProviderError::new(error.provider, error.operation, error.kind.clone())
        .repaired_by(error.repaired_by)
        .retry(error.retry);
    copy.vendor_code.clone_from(&error.vendor_code);
    copy.maybe_done = error.maybe_done;
    copy.step.clone_from(&error.step);
    copy
}

#[async_trait]
impl Registrants for Meet {
    /// The person becomes a member of the space: signed in to Google with this address they enter without knocking. The link
    /// is everybody's.
    async fn register(&self, call: &Call, meeting: &MeetingRef, who: &Registrant) -> Result<Admission> {
        let time = begin(call);
        let (link, member) = futures::join!(
            self.shared_link(REGISTER, &meeting.id, &time),
            self.enlist(&meeting.id, who, &time)
        );
        Ok(Admission { registrant_id: member?, join_url: JoinUrl(link?) })
    }

    async fn register_many(
        &self,
        call: &Call,
        meeting: &MeetingRef,
        who: &[Registrant],
    ) -> Vec<Result<Admission>> {
        let time = begin(call);
        let link = match self.shared_link(REGISTER, &meeting.id, &time).await {
            Ok(link) => link,
            Err(error) => return who.iter().map(|_| Err(again(&error))).collect(),
        };
        let mut all = Vec::with_capacity(who.len());
        for one in who {
            all.push(self.enlist(&meeting.id, one, &time));
        }
        let members: Vec<_> = futures::stream::iter(all).buffered(TOGETHER).collect().await;
        let admit = |registrant_id| Admission { registrant_id, join_url: JoinUrl(link.clone()) };
        members.into_iter().map(|member| member.map(admit)).collect()
    }

    fn room_now(&self, count: u32) -> bool {
        self.connection.as_ref().is_some_and(|connection| {
            let room = |label| self.transport.room_now(&self.budget(connection, Api::Meet, label), count);
            room(Label::Medium) && room(Label::Light)
        })
    }

    async fn cancel(&self, call: &Call, meeting: &MeetingRef, registrant: &RegistrantRef) -> Result<()> {
        const OPERATION: &str = "cancel registrant";
        // A member of another space has been none of this one for long.
        if !registrant.id.starts_with(&format!("{}/", meeting.id)) {
            return Ok(());
        }
        self.remove_member(OPERATION, &registrant.id, &begin(call)).await
    }

    /// Whoever is a member is approved; Google knows nobody who waits or was refused.
    async fn list(
        &self,
        call: &Call,
        meeting: &MeetingRef,
        state: RegistrantState,
    ) -> Result<Vec<Registration>> {
        const OPERATION: &str = "list registrants";
        if state != RegistrantState::Approved {
            return Ok(Vec::new());
        }
        let time = begin(call);
        let members = self.members(OPERATION, &meeting.id, &time).await?;
        let link = self.shared_link(OPERATION, &meeting.id, &time).await?;
        Ok(members
            .into_iter()
            .filter(|member| member.role.as_deref() != Some(CO_HOST))
            .map(|member| Registration {
                id: member.name,
                email: member.email,
                name: String::new(),
                state,
                join_url: Some(JoinUrl(link.clone())),
            })
            .collect())
    }
}
