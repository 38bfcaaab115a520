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

/// The instructors who are named as not connected have an account at the simulated Zoom, and can connect it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_not_connected_can_connect() {
    let data = tempfile::tempdir().unwrap();
    let (demo, told) = Lectern::new(crate::LECTERN, data.path()).demo(&data.path().join("demo")).await;
    let redirects = reqwest::redirect::Policy::none();
    let http = reqwest::Client::builder().redirect(redirects).build().unwrap();
    for (organization, email) in
        [("oakwood", "imran@oakwood.example"), ("dreamcrowd", "bruno@dreamcrowd.example")]
    {
        let people = told["people"].as_array().unwrap();
        let person = people.iter().find(|person| person["email"] == email).unwrap();
        let login = json!({"organization": organization, "email": email, "password": person["password"]});
        let signed_in = post(&http, &format!("{}/api/v1/auth/login", demo.base), None, login).await;
        let token = signed_in["token"].as_str().unwrap();
        let path = format!("{}/api/v1/platforms/zoom/connection", demo.base);
        let before: Value = http.get(&path).bearer_auth(token).send().await.unwrap().json().await.unwrap();
        assert_eq!(before["state"], "none", "{before}");
        let started = post(&http, &path, Some(token), json!({})).await;
        let url: url::Url = started["authorize_url"].as_str().unwrap().parse().unwrap();
        let mut form: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        form.extend([("user".to_owned(), email.to_owned()), ("decision".to_owned(), "allow".to_owned())]);
        let allowed = http.post(url.as_str().split('?').next().unwrap()).form(&form).send().await.unwrap();
        let back = allowed
            .headers()
            .get("location")
            .unwrap_or_else(|| panic!("{email} has no account"))
            .to_str()
            .unwrap();
        let came = http.get(back).bearer_auth(token).send().await.unwrap();
        assert_eq!(came.headers().get("location").unwrap(), "/connection?notice=connected");
    }
    demo.signal("TERM").await;
    demo.ended().await;
}
