//! The people of a story, by first name.

use std::ops::Deref;

use lectern_api::{
    app::OPERATOR,
    audit::Actor,
    organizations::service::CreateOrganization,
    people::{
        BearerToken,
        service::{CreatePerson, NameInput},
    },
};
use lectern_core::{
    ids::{OrganizationId, PersonId},
    secret::SecretString,
};
use tokio::sync::OnceCell;

use crate::{Browser, Client, TestApp};

/// Everybody's password.
pub const PASSWORD: &str = "chalk and duster";

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub struct Person {
    /// Their id.
    pub id: PersonId,
    /// Their organization's short name.
    pub organization: String,
    /// Their address: also the name they sign in with.
    pub email: String,
    /// Their name.
    pub name: String,
    client: Client,
}

impl Deref for Person {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

/// A tenant of the story.
#[derive(Debug)]
pub struct Organization<'a> {
    /// Its id.
    pub id: OrganizationId,
    /// Its short name.
    pub slug: String,
    app: &'a TestApp,
}

/// Hashed once for all: hashing is made to be slow.
async fn password_hash(app: &TestApp) -> String {
    static HASH: OnceCell<String> = OnceCell::const_new();
    HASH.get_or_init(|| async { app.passwords.hash(&SecretString::from(PASSWORD)).await.unwrap() })
        .await
        .clone()
}

impl TestApp {
    /// The organization of this short name, made when the story first speaks of it. `dreamcrowd` is a marketplace, others are schools.
    pub async fn organization(&self, slug: &str) -> Organization<'_> {
        let mut look = self.db.system_read().await.unwrap();
        let known = lectern_api::organizations::store::find_by_slug(&mut look, slug).await.unwrap();
        drop(look);
        let id = match known {
            Some(organization) => organization.id,
            None => {
                let new = CreateOrganization {
                    slug: slug.to_owned(),
                    name: capitalized(slug),
                    vocabulary: (slug == "dreamcrowd").then(|| "marketplace".to_owned()),
                    time_zone: Some("Asia/Dhaka".to_owned()),
                };
                lectern_api::organizations::service::create(self, Actor::System, new).await.unwrap().id
            }
        };
        Organization { id, slug: slug.to_owned(), app: self }
    }

    /// Whoever runs the server.
    pub async fn super_admin(&self) -> Person {
        Organization { id: OPERATOR, slug: String::new(), app: self }.person("root", 2, true).await
    }

    /// Somebody who is not signed in.
    #[must_use]
    pub fn nobody(&self) -> Client {
        Client::new(self.http.clone(), &self.base, None)
    }

    /// A browser without cookies.
    #[must_use]
    pub fn browser(&self) -> Browser {
        Browser::new(self.http.clone(), &self.base)
    }

    /// The same browser with its cookies, for use after the server was started again.
    #[must_use]
    pub fn same_browser(&self, before: &Browser) -> Browser {
        let browser = self.browser();
        for (name, value) in before.cookies() {
            browser.set_cookie(&name, &value);
        }
        browser
    }
}

impl Organization<'_> {
    /// An admin who is no owner.
    pub async fn admin(&self) -> Person {
        self.person("amina", 2, false).await
    }

    /// An owner.
    pub async fn owner(&self) -> Person {
        self.person("omar", 2, true).await
    }

    /// An instructor.
    pub async fn instructor(&self, name: &str) -> Person {
        self.person(name, 1, false).await
    }

    /// A student.
    pub async fn student(&self, name: &str) -> Person {
        self.person(name, 0, false).await
    }

    /// The person of this first name, made when the story first speaks of them, and signed in anew.
    pub async fn person(&self, name: &str, role: i64, owner: bool) -> Person {
        let app = self.app;
        let domain = if self.slug.is_empty() { "operator" } else { &self.slug };
        let email = format!("{name}@{domain}.example");
        let mut look = app.db.read(self.id).await.unwrap();
        let known = lectern_api::people::store::find_by_email(&mut look, self.id, &email).await.unwrap();
        drop(look);
        let person = match known {
            Some(person) => person,
            None => {
                let new = CreatePerson {
                    email: email.clone(),
                    name: NameInput {
                        name: None,
                        first_name: Some(capitalized(name)),
                        last_name: Some("Rahman".to_owned()),
                    },
                    role,
                    owner: Some(owner),
                    password: None,
                    external_id: None,
                };
                let person =
                    lectern_api::people::service::create_person(app, self.id, Actor::System, true, new)
                        .await
                        .unwrap();
                let hash = password_hash(app).await;
                let mut tx = app.db.begin(self.id).await.unwrap();
                lectern_api::people::store::set_password(&mut tx, self.id, person.id, &hash, app.now())
                    .await
                    .unwrap();
                tx.commit().await.unwrap();
                person
            }
        };
        let client = app.signed_in(self.id, person.id).await;
        Person { id: person.id, organization: self.slug.clone(), email, name: person.name(), client }
    }
}

impl TestApp {
    /// A client with a fresh sign-in of this person.
    pub async fn signed_in(&self, organization: OrganizationId, person: PersonId) -> Client {
        let token = BearerToken::generate("ls_", self.randomness.as_ref());
        self.secret(token.expose());
        let (now, until) = (self.now(), self.now() + chrono::Duration::days(14));
        let mut tx = self.db.begin(organization).await.unwrap();
        lectern_api::people::store::insert_sign_in(&mut tx, token.hash(), organization, person, now, until)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        Client::new(self.http.clone(), &self.base, Some(token.expose().to_owned()))
    }
}

impl Person {
    /// A browser in which this person is signed in.
    #[must_use]
    pub fn browser(&self, app: &TestApp) -> Browser {
        let browser = app.browser();
        browser.set_cookie("lectern", self.bearer().unwrap_or_default());
        browser
    }
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
