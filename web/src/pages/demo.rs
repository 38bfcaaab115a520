//! `GET /demo`, in a demo alone: everybody in it, each a button that signs in.

use serde::Serialize;

use crate::environment::Page;

/// Somebody of the demo.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DemoPerson {
    /// The organization's short name; empty for whoever runs the server.
    pub organization: String,
    /// The last part of its `viewer.*` key.
    pub role: String,
    pub name: String,
    pub email: String,
    pub password: String,
}

/// The people of one organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DemoGroup {
    /// The organization's short name; empty for whoever runs the server.
    pub organization: String,
    pub people: Vec<DemoPerson>,
}

/// A class that runs in the demo.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DemoRoom {
    pub title: String,
    pub platform: String,
    pub teacher: String,
}

/// A page of something else that runs beside the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DemoLink {
    pub title: String,
    pub url: String,
}

/// The page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DemoPage {
    pub groups: Vec<DemoGroup>,
    pub rooms: Vec<DemoRoom>,
    /// Where the mails land.
    pub mail_url: String,
    /// A host application with parts of ours in its pages.
    pub shop_url: String,
    pub simulators: Vec<DemoLink>,
}

impl Page for DemoPage {
    const TEMPLATE: &'static str = "pages/demo.html";
    fn samples() -> Vec<Self> {
        let person = |organization: &str, role: &str, name: &str| DemoPerson {
            organization: organization.to_owned(),
            role: role.to_owned(),
            name: name.to_owned(),
            email: format!("{role}@classes.example"),
            password: "chalk-and-duster".to_owned(),
        };
        let group = |organization: &str, people| DemoGroup { organization: organization.to_owned(), people };
        vec![Self {
            groups: vec![
                group("", vec![person("", "super_admin", "Root")]),
                group(
                    "oakwood",
                    vec![
                        person("oakwood", "owner", "Rita Owner"),
                        person("oakwood", "instructor", "Farhan Karim"),
                        person("oakwood", "student", "Ayesha \"Noor\""),
                    ],
                ),
            ],
            rooms: vec![DemoRoom {
                title: "Fractions".to_owned(),
                platform: "Zoom".to_owned(),
                teacher: "Farhan Karim".to_owned(),
            }],
            mail_url: "http://127.0.0.1:9001".to_owned(),
            shop_url: "http://localhost:9003".to_owned(),
            simulators: vec![DemoLink { title: "Zoom".to_owned(), url: "http://127.0.0.1:9002".to_owned() }],
        }]
    }
}
