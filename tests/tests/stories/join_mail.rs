//! What is mailed: our link, as text, in headers that nobody else can write, with a calendar that can be read.

use chrono::Duration;
use lectern_tests::{Lesson, story};
use serde_json::json;

const BUYER: &str = "buyer@home.example";

/// Reads a calendar file as RFC 5545 says, and complains about what it forbids: name (with parameters) and value.
fn read_calendar(text: &str) -> Vec<(String, String)> {
    assert!(text.ends_with("\r\n"), "{text:?}");
    assert!(!text.replace("\r\n", "").contains(['\r', '\n']), "a bare line end: {text:?}");
    let mut lines: Vec<String> = Vec::new();
    for line in text.trim_end().split("\r\n") {
        assert!(line.len() <= 75, "{} octets: {line}", line.len());
        match line.strip_prefix([' ', '\t']) {
            Some(rest) => lines.last_mut().unwrap().push_str(rest),
            None => lines.push(line.to_owned()),
        }
    }
    let split = |line: &String| {
        let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("no property: {line}"));
        (name.to_owned(), value.to_owned())
    };
    lines.iter().map(split).collect()
}

fn value<'a>(calendar: &'a [(String, String)], name: &str) -> &'a str {
    let found: Vec<_> = calendar.iter().filter(|(found, _)| found.split(';').next() == Some(name)).collect();
    assert_eq!(found.len(), 1, "{name} in {calendar:?}");
    &found[0].1
}

fn unescaped(text: &str) -> String {
    text.replace("\\n", "\n").replace("\\,", ",").replace("\\;", ";").replace("\\\\", "\\")
}

story!(
    /// The invitation, its change and its end are one calendar entry: same UID, growing SEQUENCE, CANCEL at last.
    the_calendar_entry_follows_the_session, |app| async {
        let (_, seller, lesson) = app.evening().await;
        lesson.enroll(app, &seller, BUYER, "Ayesha Noor").await;
        let link = app.mailed_link(BUYER);
        let path = format!("/api/v1/sessions/{}", lesson.session);
        seller.patch(&path, json!({"starts_at": app.now() + Duration::hours(3)})).await;
        app.settle().await;
        assert_eq!(seller.send("DELETE", &path, Some(&json!({"reason": "Rain, and; \\ wind"})), &[]).await.status, 204);
        app.settle().await;
        let mails = app.mail.messages_to(BUYER);
        assert_eq!(mails.len(), 3, "{:?}", mails.iter().map(|mail| &mail.subject).collect::<Vec<_>>());
        let mut last: Option<(String, i64)> = None;
        for (mail, method) in mails.iter().zip(["REQUEST", "REQUEST", "CANCEL"]) {
            let file = mail.attachments.iter().find(|file| file.filename == "class.ics").unwrap();
            assert_eq!(file.content_type, "text/calendar");
            assert!(mail.raw.contains(&format!("method={method}")), "{}", mail.raw);
            let calendar = read_calendar(&file.text);
            assert_eq!(calendar.iter().filter(|(name, value)| name == "BEGIN" && value == "VEVENT").count(), 1);
            assert_eq!(value(&calendar, "METHOD"), method);
            let (uid, sequence) = (value(&calendar, "UID").to_owned(), value(&calendar, "SEQUENCE").parse::<i64>().unwrap());
            if let Some((before, grown)) = &last {
                assert_eq!(*before, uid);
                assert!(sequence > *grown, "{sequence} after {grown}");
            }
            // RFC 5546: whom the request or its end is for.
            let attendee = format!("mailto:{BUYER}");
            assert!(calendar.iter().any(|(name, value)| name.starts_with("ATTENDEE") && *value == attendee), "{}", file.text);
            for time in ["DTSTART", "DTEND", "DTSTAMP"] {
                assert!(value(&calendar, time).ends_with('Z'), "{time} in UTC");
            }
            if method == "CANCEL" {
                assert_eq!(value(&calendar, "STATUS"), "CANCELLED");
                assert!(!file.text.contains("token="), "a cancelled entry opens nothing");
            } else {
                assert!(unescaped(value(&calendar, "DESCRIPTION")).contains(&link));
            }
            assert!(!file.text.contains(&app.zoom.base_url()));
            last = Some((uid, sequence));
        }
        assert!(app.zoom.meetings().is_empty());
    }
);

story!(
    /// Whoever is on the roster already stays as they are, without a second mail; a guest's link can be sent again too.
    enrolling_twice_changes_nothing, |app| async {
        let (_, seller, lesson) = app.evening().await;
        let made = lesson.enroll(app, &seller, BUYER, "Ayesha Noor").await;
        let path = format!("/api/v1/classes/{}/enrollments", lesson.class);
        let (status, again) = seller.post(&path, json!({"email": BUYER, "name": "Ayesha Noor"})).await;
        assert_eq!((status, &again["id"]), (200, &made["id"]), "{again}");
        app.settle().await;
        assert_eq!((app.mail.messages_to(BUYER).len(), app.audited("enrollment.created").await), (1, 1));
        let browser = seller.browser(app);
        let roster = format!("/classes/{}/roster", lesson.class);
        let page = browser.get(&roster).await;
        let form = [("email", BUYER), ("first_name", "Ayesha"), ("last_name", "Noor")];
        let said = browser.submit(&page, &format!("/classes/{}/enrollments", lesson.class), &form).await;
        assert!(said.location().ends_with("notice=enrolled_already"), "{} {}", said.location(), said.html());
        let guest = json!({"email": "rokeya@guest.example", "first_name": "Rokeya"});
        let guest = seller.create(&format!("/api/v1/classes/{}/guests", lesson.class), guest).await;
        app.settle().await;
        let page = browser.get(&roster).await;
        let send = format!("/classes/{}/enrollments/{}/send", lesson.class, guest["id"].as_str().unwrap());
        let sent = browser.submit(&page, &send, &[]).await;
        assert_eq!(sent.status(), 303, "{}", sent.html());
        app.settle().await;
        assert_eq!(app.mail.messages_to("rokeya@guest.example").len(), 2);
    }
);

story!(
    /// S-30: markup and templates in titles and names are shown as text: on pages, in mails, in the calendar.
    s30_markup_is_text_everywhere, |app| async {
        let (_, seller, _) = app.evening().await;
        let nasty = "<img src=x onerror=alert(1)>{{7*7}}</script>,;\\ ইংক কর্মশালা ইংক কর্মশালা";
        let lesson = Lesson::schedule(app, &seller, nasty).await;
        lesson.enroll(app, &seller, BUYER, "<b>Ayesha</b> {{7*7}}").await;
        let page = app.browser().get(&app.mailed_link(BUYER)).await;
        assert_eq!(page.status(), 200);
        let mail = app.mail.messages_to(BUYER).remove(0);
        for html in [page.html(), mail.html.as_str()] {
            assert!(!html.contains("<img src=x") && !html.contains("<b>Ayesha") && !html.contains("{{7*7}}</script>"), "{html}");
            assert!(html.contains("&lt;img src=x onerror=alert(1)&gt;") || html.contains("&lt;img src&#x3d;x"), "{html}");
            // Whatever runs a title as a template leaves 49 where the braces were.
            assert!(html.contains("{{7*7}}&lt;") && !html.contains("49&lt;"), "{html}");
        }
        assert!(mail.text.contains(nasty), "{}", mail.text);
        assert!(mail.subject.contains("<img src=x onerror=alert(1)>"), "{}", mail.subject);
        let file = mail.attachments.iter().find(|file| file.filename == "class.ics").unwrap();
        let calendar = read_calendar(&file.text);
        assert_eq!(unescaped(value(&calendar, "SUMMARY")), nasty);
    }
);

story!(
    /// S-31: a name or title with line ends is refused by name, and no mail, header or property comes of it.
    s31_no_line_end_gets_in, |app| async {
        let (_, seller, lesson) = app.evening().await;
        let evil = "Ink\r\nBcc: thief@evil.example\r\nATTENDEE:mailto:thief@evil.example";
        let class = seller.post("/api/v1/classes", json!({"title": evil})).await;
        assert_eq!((class.0, &class.1["errors"][0]["field"]), (422, &json!("title")));
        for end in ["\r\n", "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}", "\u{202e}", "\u{2066}", "\u{0}", "\u{b}"] {
            let title = format!("Ink{end}Bcc: thief@evil.example");
            let path = format!("/api/v1/sessions/{}", lesson.session);
            assert_eq!(seller.patch(&path, json!({"title": title})).await.0, 422, "{end:?}");
            let body = json!({"email": "x@home.example", "name": title});
            assert_eq!(seller.post(&format!("/api/v1/classes/{}/enrollments", lesson.class), body).await.0, 422, "{end:?}");
            let body = json!({"email": "x@home.example", "first_name": title});
            assert_eq!(seller.post(&format!("/api/v1/classes/{}/guests", lesson.class), body).await.0, 422, "{end:?}");
            let body = json!({"email": format!("x@home.example{end}Bcc: thief@evil.example"), "name": "X"});
            assert_eq!(seller.post(&format!("/api/v1/classes/{}/enrollments", lesson.class), body).await.0, 422, "{end:?}");
            let reason = seller.send("DELETE", &path, Some(&json!({"reason": title})), &[]).await;
            assert_eq!(reason.status, 422, "{end:?}: {}", reason.text);
        }
        app.settle().await;
        assert!(app.mail.messages().iter().all(|mail| !mail.raw.contains("thief")));
    }
);
