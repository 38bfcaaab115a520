//! Who calls.

use lectern_providers::stripe::StripeErrorKind;
use lectern_simulators::stripe::{AccountSpec, KeySpec};

use crate::harness::{ACCOUNT, KEY, School, key};

#[tokio::test]
async fn an_account_says_whose_it_is() {
    let school = School::new().await;
    let account = school.client.retrieve_account(&school.call).await.unwrap();
    assert_eq!((account.id.as_str(), account.name.as_deref()), (ACCOUNT, Some("Oak School")));
    assert_eq!((account.email.as_deref(), account.country.as_deref()), (Some("office@oak.test"), Some("DE")));
    assert!(account.charges_enabled && account.default_currency.as_deref() == Some("eur"));
    let records = school.stripe.requests_since(0);
    assert!(records[0].request_id.as_ref().unwrap().starts_with("req_"));
}

#[tokio::test]
async fn keys_that_do_not_count_are_refused() {
    let school = School::new().await;
    let stranger = school.client("sk_test_stranger000000000099");
    let error = stranger.retrieve_account(&school.call).await.unwrap_err();
    assert_eq!(error.kind, StripeErrorKind::KeyRefused);
    assert!(!format!("{error} {error:?}").contains("stranger"));
    assert!(school.stripe.expire_key(KEY) && !school.stripe.expire_key("sk_test_none"));
    let error = school.client.retrieve_account(&school.call).await.unwrap_err();
    assert_eq!(
        (error.kind, error.code.as_deref()),
        (StripeErrorKind::KeyRefused, Some("401/api_key_expired"))
    );
}

#[tokio::test]
async fn a_restricted_key_does_what_it_may() {
    let school = School::new().await;
    let client = school.client("rk_test_oak0000000000000000");
    assert!(client.retrieve_account(&school.call).await.is_ok());
    let error = client.create_checkout_session(&school.call, &school.seat(), &key("k")).await.unwrap_err();
    assert_eq!(error.kind, StripeErrorKind::NotAllowed);
}

#[tokio::test]
async fn errors_have_stripes_shape() {
    let school = School::new().await;
    let get = async |headers: &[(&str, &str)]| school.raw("GET", "/v1/account", &[], headers).await;
    let (status, headers, body) = get(&[("authorization", "Bearer sk_test_nobody0000004321")]).await;
    assert_eq!((status, body["error"]["type"].as_str()), (401, Some("invalid_request_error")));
    assert_eq!(body["error"]["message"], "Invalid API Key provided: sk_test_************4321");
    assert!(headers["request-id"].to_str().unwrap().starts_with("req_"));
    let (status, _, body) = get(&[("authorization", "")]).await;
    assert!(
        status == 401
            && body["error"]["message"].as_str().unwrap().starts_with("You did not provide an API key")
    );
    let (status, _, body) = get(&[("authorization", "Bearer pk_test_1")]).await;
    assert_eq!((status, body["error"]["code"].as_str()), (401, Some("secret_key_required")));
    use base64::Engine as _;
    let basic = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{KEY}:")));
    let (status, headers, _) =
        get(&[("authorization", &basic), ("stripe-version", "2025-03-31.basil")]).await;
    assert_eq!((status, headers["stripe-version"].to_str().unwrap()), (200, "2025-03-31.basil"));
    let (status, _, _) = get(&[("stripe-version", "latest")]).await;
    assert_eq!(status, 400);
    let (status, _, body) = school.raw("GET", "/v1/nothing", &[], &[]).await;
    assert_eq!(status, 404);
    assert!(
        body["error"]["message"]
            .as_str()
            .unwrap()
            .starts_with("Unrecognized request URL (GET: /v1/nothing).")
    );
}

#[tokio::test]
async fn schools_do_not_see_each_other() {
    let school = School::new().await;
    school.stripe.add_account(AccountSpec {
        id: "acct_elm".to_owned(),
        name: "Elm".to_owned(),
        email: String::new(),
        country: String::new(),
        default_currency: String::new(),
        keys: vec![KeySpec::full("sk_test_elm00000000000000")],
        endpoints: Vec::new(),
    });
    let (session, intent) = school.seat_paid().await;
    let elm = school.client("sk_test_elm00000000000000");
    assert_eq!(
        elm.retrieve_checkout_session(&school.call, &session.id).await.unwrap_err().kind,
        StripeErrorKind::NotFound
    );
    let refund = crate::harness::all_of(&intent);
    assert_eq!(
        elm.create_refund(&school.call, &refund, &key("r")).await.unwrap_err().kind,
        StripeErrorKind::NotFound
    );
    // Keys of idempotency are each account's own.
    assert!(
        elm.create_checkout_session(&school.call, &school.seat(), &key("seat")).await.unwrap().id
            != session.id
    );
}
