//! The demo's host application: a page of another origin that shows parts of Lectern to its own people.
//!
//! It does what any host application does: its server asks for a link as the person who looks at the page, and puts it into a
//! frame. See `core/docs/embedding.md`.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Query, State},
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{
    cast::{Company, Player},
    hands::{Hands, Slip, slip},
};

/// The shop: who looks at it, and where Lectern is.
#[derive(Debug)]
struct Shop {
    hands: Hands,
    lectern: String,
    /// The word in the address, and the person.
    people: [(&'static str, Player); 3],
}

/// Opens the shop: Lectern is told who may frame, then the page is there. Gives its address.
pub(super) async fn open(
    listener: TcpListener,
    lectern: &str,
    hands: Hands,
    company: &Company,
) -> Result<String, Slip> {
    // Another host than Lectern's own address: for a browser it is another site.
    let url = format!("http://localhost:{}", listener.local_addr().map_err(slip)?.port());
    let the = |role: &str| {
        company.the(role).cloned().ok_or_else(|| Slip(format!("{} has no {role}", company.slug)))
    };
    let owner = hands.sign_in(company.slug, &the("owner")?.email).await?;
    let origins = json!({"origins": [url]});
    hands.call(Method::PUT, "/api/v1/organization/embedding", Some(&owner), Some(origins)).await?;
    let people = [("seller", the("instructor")?), ("buyer", the("student")?), ("admin", the("admin")?)];
    let shop = Arc::new(Shop { hands, lectern: lectern.to_owned(), people });
    let router = Router::new().route("/", get(show)).with_state(shop);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(url)
}

#[derive(Debug, Deserialize)]
struct Asked {
    #[serde(rename = "as")]
    who: Option<String>,
}

impl Shop {
    /// A link to what this person sees here.
    async fn link(&self, word: &str, person: &Player) -> Result<String, Slip> {
        let token = self.hands.sign_in(person.organization.unwrap_or_default(), &person.email).await?;
        let theme = json!({"accent": "#6b2fb3"});
        let body = match word {
            "seller" => json!({"view": "connection", "theme": theme}),
            "admin" => json!({"view": "live", "theme": theme}),
            _ => {
                let live = self.hands.call(Method::GET, "/api/v1/live", Some(&token), None).await?;
                json!({"view": "join", "theme": theme, "class_id": live["sessions"][0]["session"]["class_id"]})
            }
        };
        let made: Value = self.hands.call(Method::POST, "/api/v1/embeds", Some(&token), Some(body)).await?;
        made["url"].as_str().map(str::to_owned).ok_or_else(|| Slip("no link".to_owned()))
    }
}

async fn show(State(shop): State<Arc<Shop>>, Query(asked): Query<Asked>) -> Response {
    let word = asked.who.unwrap_or_default();
    let (word, person) = shop.people.iter().find(|(known, _)| *known == word).unwrap_or(&shop.people[0]);
    let link = match shop.link(word, person).await {
        Ok(link) => link,
        Err(error) => return (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    };
    let tab = |(known, person): &(&str, Player)| {
        let current = if known == word { " aria-current=\"page\"" } else { "" };
        format!("<a href=\"/?as={known}\"{current}>{} ({known})</a>", person.name)
    };
    let tabs: Vec<String> = shop.people.iter().map(tab).collect();
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>DreamCrowd, a shop of the demo</title><style>body{{font:1rem/1.5 system-ui;margin:2rem auto;max-width:64rem;padding:0 1rem}}\
         nav{{display:flex;gap:1rem;flex-wrap:wrap}}[aria-current]{{font-weight:700}}iframe{{width:100%;height:34rem;border:1px solid #bbb}}</style>\
         <h1>DreamCrowd</h1><p>A page of another application. What is in the frame comes from Lectern.</p><nav>{}</nav>\
         <iframe src=\"{link}\" title=\"Lectern\"></iframe></html>",
        tabs.join(" ")
    );
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; frame-src {}; frame-ancestors 'none'",
        shop.lectern
    );
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(page)).into_response()
}
