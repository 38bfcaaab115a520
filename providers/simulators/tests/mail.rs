//! The mail catcher with a real client.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{net::SocketAddr, time::Duration};

use lectern_simulators::mail::MailCatcher;
use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    message::{Attachment, MultiPart, header::ContentType},
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

fn anywhere() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

async fn send(catcher: &MailCatcher, message: Message) {
    let address = catcher.smtp_address();
    let mailer = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(address.ip().to_string())
        .port(address.port())
        .build();
    mailer.send(message).await.unwrap();
}

fn invitation() -> Message {
    let calendar = Attachment::new("class.ics".to_owned()).body(
        "BEGIN:VCALENDAR\r\nSUMMARY:Zażółć\r\nEND:VCALENDAR\r\n".to_owned(),
        ContentType::parse("text/calendar; method=REQUEST").unwrap(),
    );
    let text = "Zażółć gęślą jaźń, a long line follows: join at https://lectern.test/join/class/1?token=abc.\n.\n..two dots\n";
    Message::builder()
        .from("Lectern <lectern@oak.test>".parse().unwrap())
        .to("Stu <stu@student.test>".parse().unwrap())
        .subject("Zaproszenie: gęś")
        .multipart(
            MultiPart::mixed()
                .multipart(MultiPart::alternative_plain_html(
                    text.to_owned(),
                    "<p>Join <b>here</b> <script>alert(1)</script></p>".to_owned(),
                ))
                .singlepart(calendar),
        )
        .unwrap()
}

#[tokio::test]
async fn a_mail_with_all_parts_is_caught_and_shown() {
    let catcher = MailCatcher::start(anywhere(), anywhere()).await.unwrap();
    let (found, ()) = tokio::join!(
        catcher
            .wait_for(Duration::from_secs(10), |message| message.to.contains(&"stu@student.test".to_owned())),
        send(&catcher, invitation()),
    );
    let found = found.unwrap();
    assert_eq!(found.subject, "Zaproszenie: gęś");
    assert!(
        found.text.contains("gęślą jaźń") && found.text.contains("\r\n.\r\n..two dots"),
        "{:?}",
        found.text
    );
    assert!(found.html.contains("<b>here</b>"));
    assert_eq!(
        (
            found.attachments.len(),
            found.attachments[0].filename.as_str(),
            found.attachments[0].content_type.as_str()
        ),
        (1, "class.ics", "text/calendar")
    );
    assert!(found.attachments[0].text.contains("SUMMARY:Zażółć"));

    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let get = async |path: &str| {
        http.get(format!("{}{path}", catcher.base_url())).send().await.unwrap().text().await.unwrap()
    };
    let api: serde_json::Value = serde_json::from_str(&get("/api/messages").await).unwrap();
    assert_eq!(
        (api[0]["to"][0].as_str(), api[0]["attachments"][0]["filename"].as_str()),
        (Some("stu@student.test"), Some("class.ics"))
    );
    assert!(get("/").await.contains("Zaproszenie: gęś"));
    let shown = get("/messages/1").await;
    assert!(
        shown.contains("href=\"https://lectern.test/join/class/1?token=abc\"") && shown.contains("sandbox="),
        "{shown}"
    );
    assert!(!shown.contains("<script"));
    let html = http.get(format!("{}/messages/1/html", catcher.base_url())).send().await.unwrap();
    assert!(html.headers()["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
    assert!(get("/messages/1/attachments/0").await.contains("VCALENDAR"));
    assert_eq!(http.get(format!("{}/messages/9", catcher.base_url())).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn nothing_comes_when_nothing_is_sent() {
    let catcher = MailCatcher::start(anywhere(), anywhere()).await.unwrap();
    assert!(catcher.wait_for(Duration::from_millis(1), |_| true).await.is_none());
    send(&catcher, invitation()).await;
    send(&catcher, invitation()).await;
    assert_eq!(catcher.messages_to("STU@student.test").len(), 2);
}

#[tokio::test]
async fn pipelined_commands_in_the_wrong_order_and_too_much_are_refused() {
    let catcher = MailCatcher::start(anywhere(), anywhere()).await.unwrap();
    let mut stream = tokio::net::TcpStream::connect(catcher.smtp_address()).await.unwrap();
    let commands = "EHLO me\r\nDATA\r\nRCPT TO:<a@b.test>\r\nMAIL FROM:<> SIZE=99999999\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<ż@b.test>\r\nNONSENSE\r\nDATA\r\n";
    stream.write_all(commands.as_bytes()).await.unwrap();
    stream.write_all(b"Subject: small\r\n\r\nbody\r\n.\r\nQUIT\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let codes =
        answer.lines().filter(|line| line.as_bytes()[3] == b' ').map(|line| &line[..3]).collect::<Vec<_>>();
    assert_eq!(codes, ["220", "250", "503", "503", "552", "250", "250", "502", "354", "250", "221"]);
    assert_eq!(catcher.messages()[0].to, ["ż@b.test"]);
}

#[tokio::test]
async fn a_closed_server_takes_nothing_and_opens_again() {
    let catcher = MailCatcher::start(anywhere(), anywhere()).await.unwrap();
    let address = catcher.smtp_address();
    let mailer = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(address.ip().to_string())
        .port(address.port())
        .build();
    mailer.send(invitation()).await.unwrap();
    catcher.close(true);
    let refused = mailer.send(invitation()).await.unwrap_err();
    assert!(refused.is_transient() || refused.is_client() || refused.is_response(), "{refused:?}");
    assert!(!mailer.test_connection().await.unwrap_or(false));
    catcher.close(false);
    mailer.send(invitation()).await.unwrap();
    assert_eq!(catcher.messages().len(), 2);
}
