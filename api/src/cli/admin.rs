//! `lectern admin`: organizations and people, for whoever has a shell on the server.

use std::io::{BufRead, Write};

use clap::{Args, Subcommand};
use lectern_core::secret::SecretString;

use super::Failed;
use crate::{
    app::{App, OPERATOR},
    audit::Actor,
    error::ApiError,
    organizations::{self, Organization, service::CreateOrganization},
    people::{
        self,
        service::{CreatePerson, NameInput},
    },
};

/// What can be made and changed.
#[derive(Debug, Subcommand)]
#[expect(clippy::enum_variant_names, reason = "variants are the command words: `admin create-super-admin`")]
pub(super) enum Admin {
    /// Lists the organizations: short name, name, state.
    ListOrganizations,
    /// Makes an organization.
    CreateOrganization {
        /// In addresses and at sign-in: 2 to 40 of a-z, 0-9 and -.
        slug: String,
        /// What people call it.
        name: String,
        /// `school` or `marketplace`.
        #[arg(long, default_value = "school", value_parser = ["school", "marketplace"])]
        vocabulary: String,
        /// IANA zone of new classes.
        #[arg(long, default_value = "UTC")]
        time_zone: String,
    },
    /// Makes somebody who runs this server.
    CreateSuperAdmin {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        password: Password,
    },
    /// Lists an organization's people: address, name, role, state.
    ListUsers {
        /// Its short name.
        organization: String,
    },
    /// Makes a person of an organization.
    CreateUser {
        /// Its short name.
        organization: String,
        #[command(flatten)]
        who: Who,
        /// `student`, `instructor`, `admin` or `owner`.
        #[arg(long, value_parser = ["student", "instructor", "admin", "owner"])]
        role: String,
        /// The host application's id.
        #[arg(long)]
        external_id: Option<String>,
        #[command(flatten)]
        password: Password,
    },
    /// Gives a person a new password and ends all their sign-ins.
    SetPassword {
        /// The organization's short name; left out for those who run the server.
        #[arg(long)]
        organization: Option<String>,
        /// Their address.
        #[arg(long)]
        email: String,
        #[command(flatten)]
        password: Password,
    },
}

/// A person's address and name.
#[derive(Debug, Args)]
pub(super) struct Who {
    /// Their address.
    #[arg(long)]
    email: String,
    /// Their whole name, kept whole.
    #[arg(long, required_unless_present = "first_name")]
    name: Option<String>,
    /// Their given name.
    #[arg(long, conflicts_with = "name")]
    first_name: Option<String>,
    /// Their family name.
    #[arg(long, requires = "first_name")]
    last_name: Option<String>,
}

/// Where the password comes from: never from the command line, which others can see.
#[derive(Debug, Args)]
pub(super) struct Password {
    /// Reads the password from the first line of standard input.
    #[arg(long)]
    password_stdin: bool,
    /// Makes a password and prints it.
    #[arg(long, conflicts_with = "password_stdin")]
    generate_password: bool,
}

impl Password {
    /// The password, if one is wanted.
    fn read(&self, app: &App) -> Result<Option<SecretString>, Failed> {
        if self.generate_password {
            let password = people::BearerToken::generate("", app.randomness.as_ref());
            return Ok(Some(SecretString::new(password.expose().chars().take(20).collect())));
        }
        if !self.password_stdin {
            return Ok(None);
        }
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line)?;
        Ok(Some(SecretString::new(line.trim_end_matches(['\r', '\n']).to_owned())))
    }

    fn needed(&self, app: &App) -> Result<SecretString, Failed> {
        self.read(app)?.ok_or_else(|| "add --password-stdin or --generate-password".into())
    }

    /// Prints a password that was made, once it opens something.
    fn show(&self, password: Option<&SecretString>) -> Result<(), Failed> {
        match password.filter(|_| self.generate_password) {
            Some(made) => say(&format!("password: {}", made.expose())),
            None => Ok(()),
        }
    }
}

/// One line for people and scripts, on standard output.
pub(super) fn say(line: &str) -> Result<(), Failed> {
    writeln!(std::io::stdout(), "{line}")?;
    Ok(())
}

/// A refusal, in a sentence with its fields.
fn told(error: ApiError) -> Failed {
    if let ApiError::Internal(error) = error {
        return error;
    }
    let problem = error.problem();
    let fields: Vec<_> =
        problem.errors.iter().map(|error| format!("{}: {}", error.field, error.message)).collect();
    if fields.is_empty() { problem.detail.into() } else { fields.join("; ").into() }
}

async fn organization(app: &App, slug: &str) -> Result<Organization, Failed> {
    let mut tx = app.db.system_read().await?;
    let found = organizations::service::find_by_slug(&mut tx, &slug.trim().to_ascii_lowercase()).await?;
    found.ok_or_else(|| {
        format!("there is no organization {slug}; `lectern admin list-organizations` names them").into()
    })
}

pub(super) async fn run(app: &App, what: Admin) -> Result<(), Failed> {
    match what {
        Admin::ListOrganizations => {
            for organization in organizations::service::all(&app.db).await? {
                let state = if organization.active { "active" } else { "closed" };
                say(&format!("{}\t{}\t{state}", organization.slug, organization.name))?;
            }
        }
        Admin::CreateOrganization { slug, name, vocabulary, time_zone } => {
            let new =
                CreateOrganization { slug, name, vocabulary: Some(vocabulary), time_zone: Some(time_zone) };
            let made = organizations::service::create(app, Actor::System, new).await.map_err(told)?;
            say(&format!("made organization {} ({})", made.slug, made.id))?;
        }
        Admin::CreateSuperAdmin { who, password } => {
            let chosen = Some(password.needed(app)?);
            create(app, OPERATOR, who, "owner", None, chosen.clone()).await?;
            password.show(chosen.as_ref())?;
        }
        Admin::ListUsers { organization: slug } => {
            let organization = organization(app, &slug).await?;
            for person in people::service::all(app, organization.id).await.map_err(told)? {
                let role = if person.owner { "owner" } else { person.role.name() };
                let state = if person.active { "active" } else { "disabled" };
                say(&format!("{}\t{}\t{role}\t{state}", person.email, person.name()))?;
            }
        }
        Admin::CreateUser { organization: slug, who, role, external_id, password } => {
            let organization = organization(app, &slug).await?;
            let chosen = password.read(app)?;
            create(app, organization.id, who, &role, external_id, chosen.clone()).await?;
            password.show(chosen.as_ref())?;
        }
        Admin::SetPassword { organization: slug, email, password } => {
            let tenant = match slug {
                Some(slug) => organization(app, &slug).await?.id,
                None => OPERATOR,
            };
            let chosen = password.needed(app)?;
            people::service::set_password(app, tenant, Actor::System, &email, &chosen).await.map_err(told)?;
            say(&format!("{email} has a new password; all sign-ins have ended"))?;
            password.show(Some(&chosen))?;
        }
    }
    Ok(())
}

async fn create(
    app: &App,
    organization: lectern_core::ids::OrganizationId,
    who: Who,
    role: &str,
    external_id: Option<String>,
    password: Option<SecretString>,
) -> Result<(), Failed> {
    let new = CreatePerson {
        email: who.email,
        name: NameInput { name: who.name, first_name: who.first_name, last_name: who.last_name },
        role: match role {
            "owner" | "admin" => 2,
            "instructor" => 1,
            _ => 0,
        },
        owner: Some(role == "owner"),
        password,
        external_id,
    };
    let person =
        people::service::create_person(app, organization, Actor::System, true, new).await.map_err(told)?;
    let role = if person.owner { "owner" } else { person.role.name() };
    say(&format!("made {role} {} ({})", person.email, person.id))
}
