//! The demo: what a visitor may try works.

use lectern_tests::Lectern;
use serde_json::{Value, json};

async fn post(http: &reqwest::Client, url: &str, token: Option<&str>, body: Value) -> Value {
    let mut request = http.post(url).json(&body);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let answer = request.send().await.unwrap();
    assert!(answer.status().is_success(), "{url}: {}", answer.status());
    answer.json().await.unwrap()
}

/// A browser of somebody who signed in, which follows no redirect.
struct Visitor {
    http: reqwest::Client,
    base: String,
    token: String,
}

impl Visitor {
    async fn sign_in(base: &str, told: &Value, email: &str) -> Self {
        let redirects = reqwest::redirect::Policy::none();
        let http = reqwest::Client::builder().redirect(redirects).build().unwrap();
        let people = told["people"].as_array().unwrap();
        let person = people.iter().find(|person| person["email"] == email).unwrap();
        let login =
            json!({"organization": person["organization"], "email": email, "password": person["password"]});
        let signed_in = post(&http, &format!("{base}/api/v1/auth/login"), None, login).await;
        let token = signed_in["token"].as_str().unwrap().to_owned();
        Self { http, base: base.to_owned(), token }
    }

    async fn get(&self, path: &str) -> Value {
        let answer =
            self.http.get(format!("{}{path}", self.base)).bearer_auth(&self.token).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.unwrap()
    }

    /// Connects an account at a platform by its consent page.
    async fn connect(&self, platform: &str, email: &str) {
        let path = format!("/api/v1/platforms/{platform}/connection");
        assert_eq!(self.get(&path).await["state"], "none", "{email} at {platform}");
        let started = post(&self.http, &format!("{}{path}", self.base), Some(&self.token), json!({})).await;
        let url: url::Url = started["authorize_url"].as_str().unwrap().parse().unwrap();
        let mut form: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let decision = if platform == "teams" { "accept" } else { "allow" };
        form.extend([("user".to_owned(), email.to_owned()), ("decision".to_owned(), decision.to_owned())]);
        let page = url.as_str().split('?').next().unwrap();
        let allowed = self.http.post(page).form(&form).send().await.unwrap();
        let back = allowed.headers().get("location").unwrap_or_else(|| panic!("{email} has no account"));
        let back = back.to_str().unwrap();
        let came = self.http.get(back).bearer_auth(&self.token).send().await.unwrap();
        let onward = came.headers().get("location").and_then(|location| location.to_str().ok());
        assert!(onward.is_some_and(|onward| onward.ends_with("notice=connected")), "{platform}: {onward:?}");
        assert_eq!(self.get(&path).await["state"], "connected", "{email} at {platform}");
    }
}

/// The instructors who are named as not connected have an account at each simulated platform of their organization, and can
/// connect it; the school has taught on each, teaches on each now, and each simulator has a clock.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_platform_is_in_the_school() {
    let data = tempfile::tempdir().unwrap();
    let (demo, told) = Lectern::new(crate::LECTERN, data.path()).demo(&data.path().join("demo")).await;
    for (email, platforms) in [
        ("imran@oakwood.example", &["zoom", "teams", "meet"][..]),
        ("bruno@dreamcrowd.example", &["zoom"][..]),
    ] {
        let person = Visitor::sign_in(&demo.base, &told, email).await;
        for platform in platforms {
            person.connect(platform, email).await;
        }
    }

    let owner = Visitor::sign_in(&demo.base, &told, "rita@oakwood.example").await;
    for (email, platform) in [
        ("farhan@oakwood.example", "zoom"),
        ("leela@oakwood.example", "teams"),
        ("sumaiya@oakwood.example", "meet"),
    ] {
        let teacher = Visitor::sign_in(&demo.base, &told, email).await;
        let sessions = teacher.get("/api/v1/sessions").await;
        let sessions = sessions["items"].as_array().unwrap();
        let of = |state: &str| {
            sessions
                .iter()
                .find(|session| session["state"] == state && session["provider"] == platform)
                .unwrap_or_else(|| {
                    panic!("{email} has no session that is {state} on {platform}: {sessions:#?}")
                })
        };
        let ended = of("ended")["id"].as_str().unwrap();
        let sheet = teacher.get(&format!("/api/v1/sessions/{ended}/attendance")).await;
        let states: Vec<_> =
            sheet["items"].as_array().unwrap().iter().map(|row| row["state"].as_str().unwrap()).collect();
        for state in ["present", "left_early", "absent"] {
            assert!(states.contains(&state), "{platform}: {states:?}");
        }
        let live = of("live")["id"].clone();
        let now = owner.get("/api/v1/live").await;
        let running: Vec<_> =
            now["sessions"].as_array().unwrap().iter().map(|one| one["session"]["id"].clone()).collect();
        assert!(running.contains(&live), "{platform}: {now}");
    }

    let simulators = told["simulators"].as_object().unwrap();
    assert_eq!(simulators.keys().collect::<Vec<_>>(), ["google", "graph", "stripe", "zoom"]);
    for base in simulators.values() {
        let clock = format!("{}/_control/clock", base.as_str().unwrap());
        let answer = owner.http.get(clock).send().await.unwrap();
        assert!(answer.json::<Value>().await.unwrap()["now"].is_string());
    }
    demo.signal("TERM").await;
    demo.ended().await;
}
