//! Whose account somebody in a call is. Meet shows an account's number and name; addresses are known elsewhere. Only exact
//! ways count here: a name proves nothing.

use std::collections::{BTreeSet, HashMap};

use futures::StreamExt;
use lectern_core::provider::Result;
use reqwest::Method;

use super::{
    client::{Api, Ask},
    config::Meet,
    oauth::{DIRECTORY, DIRECTORY_USERS},
    wire,
};
use crate::transport::Allowance;

const OPERATION: &str = "find addresses";
/// The most people of one call.
const PEOPLE_AT_ONCE: usize = 200;
/// The directory is asked for one user at a time; a class is not larger than this, a hall may be.
const MOST_SINGLE: usize = 100;
const TOGETHER: usize = 4;

/// Addresses by account number.
pub(super) type Addresses = HashMap<String, String>;

impl Meet {
    /// The addresses of these people, as far as the connection's scopes allow; what cannot be found is left out. From the
    /// space's own list where Google shows the accounts of members; from the profiles of the domain, many in one call; from
    /// the domain's directory, one by one.
    pub(super) async fn addresses(
        &self,
        space: &str,
        people: &[wire::Participant],
        time: &Allowance,
    ) -> Addresses {
        let mut found = Addresses::new();
        if let Some(connection) = &self.connection {
            found.insert(connection.account.user_id.clone(), connection.account.email.clone());
        }
        let users: BTreeSet<&str> = people.iter().filter_map(wire::Participant::user_id).collect();
        let unknown = |found: &Addresses| -> Vec<String> {
            users.iter().filter(|user| !found.contains_key(**user)).map(|user| (*user).to_owned()).collect()
        };
        if !unknown(&found).is_empty() {
            note("the list of members", self.ask_members(space, &mut found, time).await);
        }
        let rest = unknown(&found);
        if !rest.is_empty() && self.may(DIRECTORY) {
            note("the profiles", self.ask_profiles(&rest, &mut found, time).await);
        }
        let rest = unknown(&found);
        if !rest.is_empty() && self.may(DIRECTORY_USERS) {
            self.ask_directory(&rest, &mut found, time).await;
        }
        found.retain(|_, address| !address.is_empty());
        found
    }

    async fn ask_members(&self, space: &str, found: &mut Addresses, time: &Allowance) -> Result<()> {
        for member in self.members(OPERATION, space, time).await? {
            if let Some(user) = member.user.as_deref().and_then(|user| user.strip_prefix("users/")) {
                found.insert(user.to_owned(), member.email);
            }
        }
        Ok(())
    }

    /// Profiles only: what somebody wrote into their contacts proves nothing.
    async fn ask_profiles(&self, users: &[String], found: &mut Addresses, time: &Allowance) -> Result<()> {
        for chunk in users.chunks(PEOPLE_AT_ONCE) {
            let mut ask = Ask::new(OPERATION, Method::GET, "/people:batchGet", "/people:batchGet")
                .at(Api::People, DIRECTORY)
                .query("personFields", "emailAddresses")
                .query("sources", "READ_SOURCE_TYPE_PROFILE");
            for user in chunk {
                ask = ask.query("resourceNames", format!("people/{user}"));
            }
            let answer: wire::Profiles = self.ask_json(&ask, time).await?;
            for one in answer.responses {
                let user = one.requested_resource_name.strip_prefix("people/");
                if let (Some(user), Some(address)) = (user, one.person.address()) {
                    found.insert(user.to_owned(), address.to_owned());
                }
            }
        }
        Ok(())
    }

    async fn ask_directory(&self, users: &[String], found: &mut Addresses, time: &Allowance) {
        let mut all = Vec::new();
        for user in users.iter().take(MOST_SINGLE) {
            all.push(self.directory_user(user, time));
        }
        let answers: Vec<_> = futures::stream::iter(all).buffered(TOGETHER).collect().await;
        for (user, answer) in users.iter().zip(answers) {
            // Outsiders are not in the directory.
            if let Ok(wire::DirectoryUser { primary_email: Some(address) }) = answer {
                found.insert(user.clone(), address);
            }
        }
    }

    async fn directory_user(&self, user: &str, time: &Allowance) -> Result<wire::DirectoryUser> {
        let path = format!("/users/{}", wire::segment(user));
        let ask = Ask::new(OPERATION, Method::GET, "/users/{user}", path)
            .at(Api::Directory, DIRECTORY_USERS)
            .query("projection", "basic");
        self.ask_json(&ask, time).await
    }
}

fn note(source: &'static str, outcome: Result<()>) {
    if let Err(error) = outcome {
        tracing::info!(%error, source, "addresses of people in a Meet call could not be found there");
    }
}
