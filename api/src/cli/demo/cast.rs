//! The people of the demo: every role in two organizations.

use lectern_core::{ids::OrganizationId, secret::SecretString};

use super::platforms::Platform;
use crate::{
    app::{App, OPERATOR},
    audit::Actor,
    error::ApiError,
    organizations::service::{self as organizations, CreateOrganization},
    people::service::{self as people, CreatePerson, NameInput},
};

/// Everybody's password.
pub(super) const PASSWORD: &str = "chalk-and-duster";

/// Somebody with a password.
#[derive(Clone, Debug)]
pub(super) struct Player {
    /// The organization's short name; none for whoever runs the server.
    pub(super) organization: Option<&'static str>,
    /// `super_admin`, `owner`, `admin`, `instructor` or `student`.
    pub(super) role: &'static str,
    /// Sign-in address.
    pub(super) email: String,
    /// Name.
    pub(super) name: &'static str,
}

/// One organization's people.
#[derive(Debug)]
pub(super) struct Company {
    /// Its short name.
    pub(super) slug: &'static str,
    /// Its id.
    pub(super) id: OrganizationId,
    /// Those with a password.
    pub(super) players: Vec<Player>,
    /// More students, who come by their mailed link.
    pub(super) crowd: &'static [&'static str],
    /// Where it teaches.
    pub(super) platforms: &'static [Platform],
}

/// Somebody who comes by a mailed link.
#[derive(Clone, Debug)]
pub(super) struct Pupil {
    /// Name, also at the platform.
    pub(super) name: String,
    /// Address, and where they are not a guest their account at the platform.
    pub(super) email: String,
    /// Invited, and known to nobody but the teacher.
    pub(super) guest: bool,
    /// Their join link.
    pub(super) link: String,
}

impl Company {
    /// The first with this role.
    pub(super) fn the(&self, role: &str) -> Option<&Player> {
        self.players.iter().find(|player| player.role == role)
    }

    /// All with this role.
    pub(super) fn all<'a>(&'a self, role: &'a str) -> impl Iterator<Item = &'a Player> {
        self.players.iter().filter(move |player| player.role == role)
    }

    /// The address of one of the crowd.
    pub(super) fn address(&self, name: &str) -> String {
        format!("{}@{}.example", name.to_ascii_lowercase().replace(' ', "."), self.slug)
    }
}

/// Everybody.
#[derive(Debug)]
pub(super) struct Cast {
    operator: Player,
    /// The organizations.
    pub(super) companies: Vec<Company>,
}

impl Cast {
    /// Those with a password, whoever runs the server first.
    pub(super) fn everybody(&self) -> impl Iterator<Item = &Player> {
        std::iter::once(&self.operator).chain(self.companies.iter().flat_map(|company| &company.players))
    }
}

const OAKWOOD: &[(&str, &str)] = &[
    ("owner", "Rita Owner"),
    ("admin", "Nusrat Rahman"),
    ("instructor", "Farhan Karim"),
    ("instructor", "Leela Das"),
    ("instructor", "Sumaiya Haque"),
    ("instructor", "Imran Not-Connected"),
    ("student", "Ayesha Noor"),
    ("student", "Omar Reza"),
    ("student", "Priya Nandi"),
];
const OAKWOOD_CROWD: &[&str] = &[
    "Samira Akhter",
    "Tanvir Hasan",
    "Maya Biswas",
    "Rafi Chowdhury",
    "Jamil Islam",
    "Nadia Sultana",
    "Arif Hossain",
    "Tania Begum",
    "Sabbir Ahmed",
    "Mitu Roy",
    "Kamal Uddin",
    "Shirin Aktar",
    "Faisal Kabir",
    "Rumana Parvin",
    "Biplob Saha",
    "Farzana Haque",
    "Nayeem Sarkar",
    "Lipi Barua",
    "Shafiq Mollah",
    "Tumpa Dey",
];
const DREAMCROWD: &[(&str, &str)] = &[
    ("owner", "Diya Super-Admin"),
    ("admin", "Marek Admin"),
    ("instructor", "Sadia Seller"),
    ("instructor", "Bruno Not-Connected"),
    ("student", "Bela Buyer"),
    ("student", "Tom Buyer"),
];
const DREAMCROWD_CROWD: &[&str] = &["Ines Duarte", "Jonas Weber", "Amina Yusuf", "Lucas Martin"];

/// Makes both organizations and their people.
pub(super) async fn make(app: &App) -> Result<Cast, ApiError> {
    let operator = Player {
        organization: None,
        role: "super_admin",
        email: "operator@lectern.example".to_owned(),
        name: "Otto Operator",
    };
    player(app, OPERATOR, &operator).await?;
    let mut companies = Vec::new();
    for (slug, name, vocabulary, zone, people, crowd, platforms) in [
        ("oakwood", "Oakwood School", "school", "Asia/Dhaka", OAKWOOD, OAKWOOD_CROWD, &Platform::ALL[..]),
        (
            "dreamcrowd",
            "DreamCrowd",
            "marketplace",
            "Europe/London",
            DREAMCROWD,
            DREAMCROWD_CROWD,
            &[Platform::Zoom][..],
        ),
    ] {
        let new = CreateOrganization {
            slug: slug.to_owned(),
            name: name.to_owned(),
            vocabulary: Some(vocabulary.to_owned()),
            time_zone: Some(zone.to_owned()),
        };
        let id = organizations::create(app, Actor::System, new).await?.id;
        let mut players = Vec::new();
        for (role, name) in people {
            let local = name.split_whitespace().next().unwrap_or(name).to_ascii_lowercase();
            let made =
                Player { organization: Some(slug), role, email: format!("{local}@{slug}.example"), name };
            player(app, id, &made).await?;
            players.push(made);
        }
        companies.push(Company { slug, id, players, crowd, platforms });
    }
    Ok(Cast { operator, companies })
}

async fn player(app: &App, organization: OrganizationId, player: &Player) -> Result<(), ApiError> {
    let (first, last) = player.name.split_once(' ').unwrap_or((player.name, ""));
    let new = CreatePerson {
        email: player.email.clone(),
        name: NameInput { name: None, first_name: Some(first.to_owned()), last_name: Some(last.to_owned()) },
        role: match player.role {
            "super_admin" | "owner" | "admin" => 2,
            "instructor" => 1,
            _ => 0,
        },
        owner: Some(matches!(player.role, "super_admin" | "owner")),
        password: Some(SecretString::from(PASSWORD)),
        external_id: None,
    };
    people::create_person(app, organization, Actor::System, true, new).await.map(drop)
}
