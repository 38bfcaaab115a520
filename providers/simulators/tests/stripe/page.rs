//! The hosted page, as a browser without scripts sees it.

use std::collections::BTreeMap;

use lectern_providers::stripe::{CheckoutSession, NewCheckoutSession, SessionStatus};
use lectern_simulators::stripe::{CARD_ASKS, CARD_DECLINED, CARD_PAYS, IBAN_ARRIVES};

use crate::harness::{School, key};

struct Answer {
    status: u16,
    location: String,
    text: String,
}

async fn of(answer: reqwest::Response) -> Answer {
    let location = answer.headers().get("location").map(|text| text.to_str().unwrap().to_owned());
    Answer {
        status: answer.status().as_u16(),
        location: location.unwrap_or_default(),
        text: answer.text().await.unwrap(),
    }
}

async fn get(school: &School, session: &CheckoutSession) -> Answer {
    let url = format!("{}/c/pay/{}", school.stripe.base_url(), session.id);
    of(school.http.get(session.url.as_ref().unwrap_or(&url)).send().await.unwrap()).await
}

async fn post(school: &School, session: &CheckoutSession, path: &str, form: &[(&str, &str)]) -> Answer {
    let url = format!("{}/c/pay/{}{path}", school.stripe.base_url(), session.id);
    of(school.http.post(url).form(form).send().await.unwrap()).await
}

fn back(session: &CheckoutSession) -> String {
    format!("http://127.0.0.1:9/paid?session={}", session.id)
}

#[tokio::test]
async fn a_person_reads_types_and_pays() {
    let school = School::new().await;
    let seat = NewCheckoutSession { customer_email: None, ..school.seat() };
    let session = school.client.create_checkout_session(&school.call, &seat, &key("k")).await.unwrap();
    let page = get(&school, &session).await;
    assert_eq!(page.status, 200);
    for words in [
        "Oak School",
        "Algebra &lt;evening&gt; &amp; more",
        "€15.00",
        "TEST MODE",
        "http://127.0.0.1:9/back",
        "name=\"email\"",
        "name=\"card\"",
        "name=\"iban\"",
    ] {
        assert!(page.text.contains(words), "{words}");
    }
    assert!(!page.text.contains("<script"));
    let wrong = post(&school, &session, "", &[("email", "nobody"), ("card", CARD_PAYS)]).await;
    assert!(wrong.status == 200 && wrong.text.contains("Enter a valid email address."));
    let declined = post(&school, &session, "", &[("email", "a@b.test"), ("card", CARD_DECLINED)]).await;
    assert!(
        declined.text.contains("Your card was declined.") && declined.text.contains("value=\"a@b.test\"")
    );
    let paid = post(
        &school,
        &session,
        "",
        &[("email", "a@b.test"), ("method", "card"), ("card", "4242 4242 4242 4242")],
    )
    .await;
    assert_eq!((paid.status, paid.location), (303, back(&session)));
    let again = get(&school, &session).await;
    assert!(again.text.contains("You're all done here") || again.text.contains("You&#39;re all done here"));
    let again = post(&school, &session, "", &[("email", "a@b.test"), ("card", CARD_PAYS)]).await;
    assert!(again.status == 200 && again.text.contains("already completed"));
    let truth = school.stripe.truth(&session.id).unwrap();
    assert_eq!(
        truth.attempts.iter().map(|one| one.outcome.as_str()).collect::<Vec<_>>(),
        ["card_declined", "paid"]
    );
    let attempts: BTreeMap<_, _> =
        truth.attempts.iter().map(|one| (one.email.as_str(), one.method)).collect();
    assert_eq!(attempts, BTreeMap::from([("a@b.test", "card")]));
}

#[tokio::test]
async fn an_address_that_was_filled_in_stays() {
    let school = School::new().await;
    let session = school.session("k").await;
    let page = get(&school, &session).await;
    assert!(page.text.contains("stu@student.test") && !page.text.contains("name=\"email\""));
    post(&school, &session, "", &[("email", "other@b.test"), ("card", CARD_PAYS)]).await;
    assert_eq!(school.stripe.truth(&session.id).unwrap().attempts[0].email, "stu@student.test");
}

#[tokio::test]
async fn a_bank_asks_on_a_page_of_its_own() {
    let school = School::new().await;
    let session = school.session("k").await;
    let asked = post(&school, &session, "", &[("card", CARD_ASKS)]).await;
    assert_eq!((asked.status, asked.location.as_str()), (303, format!("/c/pay/{}", session.id).as_str()));
    let page = get(&school, &session).await;
    assert!(page.text.contains("3D Secure 2 Test Page") && page.text.contains("value=\"fail\""));
    let failed = post(&school, &session, "/authenticate", &[("decision", "fail")]).await;
    assert!(
        failed.status == 200 && failed.text.contains("We are unable to authenticate your payment method.")
    );
    post(&school, &session, "", &[("card", CARD_ASKS)]).await;
    let paid = post(&school, &session, "/authenticate", &[("decision", "complete")]).await;
    assert_eq!((paid.status, paid.location), (303, back(&session)));
}

#[tokio::test]
async fn a_bank_debit_is_chosen_there() {
    let school = School::new().await;
    let session = school.session("k").await;
    let wrong = post(&school, &session, "", &[("method", "sepa_debit"), ("iban", "XX")]).await;
    assert!(
        wrong.text.contains("The IBAN you entered is invalid.")
            && wrong.text.contains("value=\"sepa_debit\" checked")
    );
    let done = post(&school, &session, "", &[("method", "sepa_debit"), ("iban", IBAN_ARRIVES)]).await;
    assert_eq!((done.status, done.location), (303, back(&session)));
    assert!(!school.look(&session).await.is_paid());
}

#[tokio::test]
async fn an_expired_page_leads_back() {
    let school = School::new().await;
    let session = school.session("k").await;
    school.seconds(36 * 60);
    let page = get(&school, &session).await;
    assert!(page.text.contains("This page has expired") && page.text.contains("http://127.0.0.1:9/back"));
    let late = post(&school, &session, "", &[("card", CARD_PAYS)]).await;
    assert!(late.status == 200 && late.text.contains("This page has expired"));
    assert_eq!(school.look(&session).await.status, SessionStatus::Expired);
    let nowhere =
        of(school.http.get(format!("{}/c/pay/cs_test_none", school.stripe.base_url())).send().await.unwrap())
            .await;
    assert_eq!(nowhere.status, 404);
    // A mail scanner that only looks pays nothing.
    let url = format!("{}/c/pay/{}", school.stripe.base_url(), session.id);
    assert_eq!(school.http.head(url).send().await.unwrap().status(), 200);
}
