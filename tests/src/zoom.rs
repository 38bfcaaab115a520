//! Zoom as the stories use it: an app on the marketplace, hosts, and the consent of a person.

use lectern_simulators::zoom::{AccountPlan, AppMode, AppSpec, EndpointSpec, HostPlan, HostSpec};
use serde_json::{Value, json};

use crate::{Organization, Person, TestApp};

/// What an app is allowed that may do everything Lectern asks for.
pub const ZOOM_SCOPES: &[&str] =
    &["user:read", "meeting:read", "meeting:write", "recording:read", "recording:write"];
/// The same for a server-to-server app.
pub const ZOOM_ADMIN_SCOPES: &[&str] = &[
    "user:read:admin",
    "meeting:read:admin",
    "meeting:write:admin",
    "recording:read:admin",
    "recording:write:admin",
    "report:read:admin",
];

/// An organization's app at Zoom.
#[derive(Clone, Debug)]
pub struct ZoomApp {
    /// Its client id.
    pub client_id: String,
    /// Its client secret; never in a log.
    pub client_secret: String,
    /// Signs its events; never in a log.
    pub webhook_secret: String,
    /// The platform's account of its hosts.
    pub account_id: String,
    /// Where its events go.
    pub webhook_path: String,
    mode: AppMode,
}

impl ZoomApp {
    /// The settings an administrator saves.
    #[must_use]
    pub fn settings(&self) -> Value {
        let mode = if self.mode == AppMode::ServerToServer { "server_to_server" } else { "user" };
        json!({
            "mode": mode, "client_id": self.client_id, "client_secret": self.client_secret,
            "webhook_secret": self.webhook_secret, "account_id": self.account_id,
        })
    }
}

impl Organization<'_> {
    /// Puts an app of this organization on the marketplace; nobody has saved it yet.
    #[must_use]
    pub fn zoom_app(&self, app: &TestApp, mode: AppMode) -> ZoomApp {
        let slug = &self.slug;
        let made = ZoomApp {
            client_id: format!("client-of-{slug}"),
            client_secret: format!("client-secret-canary-{slug}"),
            webhook_secret: format!("webhook-secret-canary-{slug}"),
            account_id: format!("account-{slug}"),
            webhook_path: format!("/api/zoom/webhook/{}", self.id),
            mode,
        };
        app.secret(&made.client_secret);
        app.secret(&made.webhook_secret);
        let server = mode == AppMode::ServerToServer;
        let scopes = if server { ZOOM_ADMIN_SCOPES } else { ZOOM_SCOPES };
        app.zoom.add_app(AppSpec {
            client_id: made.client_id.clone(),
            client_secret: made.client_secret.clone(),
            name: "Lectern".to_owned(),
            mode,
            account_id: server.then(|| made.account_id.clone()),
            redirect_uris: vec![format!("{}/oauth/zoom/callback", app.base)],
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            endpoints: vec![EndpointSpec {
                url: format!("{}{}", app.base, made.webhook_path),
                secret_token: made.webhook_secret.clone(),
                events: Vec::new(),
            }],
        });
        made
    }

    /// An app on the marketplace whose credentials an owner has saved: everybody connects an own account.
    pub async fn zoom(&self, app: &TestApp) -> ZoomApp {
        let made = self.zoom_app(app, AppMode::User);
        let (status, saved) = self.owner().await.put("/api/v1/platforms/zoom", made.settings()).await;
        assert_eq!(status, 200, "{saved}");
        made
    }
}

impl Person {
    /// Gives this person an account at Zoom, under their own address; returns Zoom's id of it.
    pub fn zoom_host(&self, app: &TestApp, plan: HostPlan) -> String {
        let (first, last) = self.name.split_once(' ').unwrap_or((&self.name, ""));
        app.zoom.add_host(HostSpec {
            email: self.email.clone(),
            first_name: first.to_owned(),
            last_name: last.to_owned(),
            plan,
            account_id: format!("account-{}", self.organization),
            account_plan: AccountPlan::Pro,
            time_zone: "Asia/Dhaka".to_owned(),
        })
    }

    /// Connects this person's licensed account: asks, allows it at Zoom, comes back.
    pub async fn connect_zoom(&self, app: &TestApp) {
        self.zoom_host(app, HostPlan::Licensed);
        self.consent(app).await;
    }

    /// Asks, allows it at Zoom with the account of the same address, comes back.
    pub async fn consent(&self, app: &TestApp) {
        let (status, started) = self.post("/api/v1/platforms/zoom/connection", json!({})).await;
        assert_eq!(status, 200, "{started}");
        let back = app.zoom.allow(started["authorize_url"].as_str().unwrap(), &self.email).unwrap();
        let answer = self.send("GET", back.strip_prefix(&app.base).unwrap(), None, &[]).await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (303, "/connection?notice=connected"),
            "{}",
            answer.text
        );
    }
}
