//! How the people of a class are told to its platform: as themselves, or by aliases.

use lectern_core::{
    ids::{ClassId, OrganizationId, PersonId},
    join::Alias,
    organization::Policies,
    provider::Registrant,
    settings::ClassSettings,
};
use zeroize::Zeroizing;

use crate::{app::App, classes::Class, db::Tx, error::ApiError, organizations, people::Person};

/// The names of one class's people at its platform.
#[derive(Clone, Debug)]
pub struct Naming {
    /// Only in a class that sends aliases.
    key: Option<Zeroizing<[u8; 32]>>,
    class: ClassId,
    relay_domain: String,
}

impl Naming {
    /// By what the organization and the class decided.
    pub async fn new(
        app: &App,
        organization: OrganizationId,
        class: ClassId,
        policies: &Policies,
        settings: &ClassSettings,
    ) -> Result<Self, ApiError> {
        let key = match policies.send_aliases(settings) {
            true => Some(app.keys.sealer(organization).await?.derive("alias")),
            false => None,
        };
        Ok(Self { key, class, relay_domain: policies.relay_domain.clone() })
    }

    /// The same, with what the organization decided looked up.
    pub async fn of(
        app: &App,
        tx: &mut Tx,
        organization: OrganizationId,
        class: &Class,
    ) -> Result<Self, ApiError> {
        let policies = organizations::service::settings_in(tx, organization).await?.policies;
        Self::new(app, organization, class.id, &policies, &class.settings).await
    }

    /// A person's alias, in a class that sends them.
    #[must_use]
    pub fn alias(&self, person: PersonId) -> Option<Alias> {
        self.key.as_ref().map(|key| Alias::of(key, self.class, person, &self.relay_domain))
    }

    /// The name a meeting shows.
    #[must_use]
    pub fn shown(&self, person: PersonId, own: String) -> String {
        self.alias(person).map_or(own, |alias| alias.name())
    }

    /// The address a person's first registrant is made with.
    #[must_use]
    pub fn address(&self, person: PersonId, own: &str) -> String {
        self.alias(person).map_or_else(|| own.to_owned(), |alias| alias.email)
    }

    /// An address of a moved seat's own.
    #[must_use]
    pub fn fresh_address(&self, app: &App) -> String {
        format!("seat-{}@{}", hex::encode(app.randomness.bytes::<8>()), self.relay_domain)
    }

    /// Whom the platform is asked to admit under this address.
    #[must_use]
    pub fn registrant(&self, person: Person, email: String) -> Registrant {
        match self.alias(person.id) {
            Some(alias) => alias.registrant(email),
            None => Registrant { email, first_name: person.first_name, last_name: person.last_name },
        }
    }
}
