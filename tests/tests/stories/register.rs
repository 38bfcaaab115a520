//! A class's register: people beside sessions.

use std::collections::BTreeSet;

use lectern_tests::{Page, story};
use serde_json::json;

/// What stands beside somebody's name.
fn row<'a>(page: &'a Page, name: &str) -> &'a str {
    let row = page.html().split(&format!("<th scope=\"row\">{name}</th>")).nth(1);
    row.unwrap_or_else(|| panic!("{name}: {}", page.html())).split("</tr>").next().unwrap()
}

/// The names of the page's rows, in their order.
fn names(page: &Page) -> Vec<String> {
    let body = page.html().split("<tbody>").nth(1).unwrap().split("</tbody>").next().unwrap();
    let names = body.split("<th scope=\"row\">").skip(1);
    names.map(|name| name.split('<').next().unwrap().to_owned()).collect()
}

story!(
    /// After a class its register says who came, who came late and who did not, what nobody has looked at, and how the whole class
    /// stands; a student and another teacher are told of no such page.
    a_class_has_a_register, |app| async {
        let lesson = app.held_class("oakwood", &["ayesha", "tanvir", "priya"]).await;
        let path = format!("/classes/{}/attendance", lesson.class);
        let browser = lesson.teacher.browser(app);
        assert!(browser.get(&path).await.html().contains("No session has taken place yet."));
        lesson.is_held(app).await;
        let page = browser.get(&path).await;
        for (name, state, came) in [("Ayesha Rahman", "Present", "1 of 1"), ("Tanvir Rahman", "Late", "1 of 1"), ("Priya Rahman", "Absent", "0 of 1")] {
            let row = row(&page, name);
            assert!(row.contains(&format!("{state}, Not verified")) && row.contains(came), "{name}: {row}");
        }
        let foot = page.html().split("<tfoot>").nth(1).unwrap();
        assert!(foot.contains("2 of 3") && foot.contains("verify 3"), "{foot}");
        assert!(page.html().contains(&format!("/sessions/{}/attendance", lesson.session)));
        let verify = format!("/api/v1/sessions/{}/attendance/verify", lesson.session);
        assert_eq!(lesson.teacher.post(&verify, json!({})).await.0, 200);
        let page = browser.get(&path).await;
        assert!(!row(&page, "Priya Rahman").contains("Not verified") && !page.html().contains("verify 3"), "{}", page.html());
        // Whoever has left the class stands on its sheets, not in its register.
        let (_, roster) = lesson.teacher.get(&format!("/api/v1/classes/{}/enrollments", lesson.class)).await;
        let priya = roster["items"].as_array().unwrap().iter().find(|one| one["name"] == "Priya Rahman").unwrap()["id"].as_str().unwrap().to_owned();
        assert_eq!(lesson.teacher.delete(&format!("/api/v1/classes/{}/enrollments/{priya}", lesson.class)).await.0, 204);
        let page = browser.get(&path).await;
        assert_eq!(names(&page), ["Ayesha Rahman", "Tanvir Rahman"]);
        assert!(page.html().split("<tfoot>").nth(1).unwrap().contains("2 of 3"));
        let other = app.organization("oakwood").await.instructor("imran").await;
        for stranger in [&lesson.students[0], &other] {
            let refused = stranger.browser(app).get(&path).await.status();
            assert!(matches!(refused, 403 | 404), "{refused}");
        }
    }
);

story!(
    /// Many people are read in pages, by name, nobody twice and nobody left out; a cursor that is none is refused in words.
    many_people_are_read_in_pages, |app| async {
        let lesson = app.held_class("oakwood", &["ayesha"]).await;
        for number in 0..60 {
            let body = json!({"email": format!("zahir{number}@pupil.example"), "first_name": "Zahir", "last_name": format!("No {number:02}")});
            lesson.teacher.create(&format!("/api/v1/classes/{}/enrollments", lesson.class), body).await;
        }
        // Somebody with one name alone stands among the others.
        lesson.teacher.create(&format!("/api/v1/classes/{}/enrollments", lesson.class), json!({"email": "madonna@pupil.example", "name": "Madonna"})).await;
        let start = format!("/api/v1/sessions/{}/start", lesson.session);
        assert_eq!(lesson.teacher.post(&start, json!({})).await.0, 200);
        assert!(lesson.teacher.browser(app).get(&format!("/classes/{}/attendance", lesson.class)).await.html().contains("No session has taken place yet."));
        assert_eq!(lesson.teacher.post(&format!("/api/v1/sessions/{}/end", lesson.session), json!({})).await.0, 200);
        app.settle().await;
        let browser = lesson.teacher.browser(app);
        let path = format!("/classes/{}/attendance", lesson.class);
        let first = browser.get(&path).await;
        // The escaper writes slashes of attributes as character references.
        let html = first.html().replace("&#x2f;", "/");
        let further = html.split(&format!("{path}?cursor=")).nth(1).expect("there is more").split('"').next().unwrap();
        let second = browser.get(&format!("{path}?cursor={further}")).await;
        let all: Vec<String> = [names(&first), names(&second)].concat();
        let sorted: BTreeSet<String> = all.iter().cloned().collect();
        assert_eq!((all.len(), sorted.len()), (62, 62), "{all:?}");
        assert!(all.is_sorted(), "{all:?}");
        for nonsense in ["cursor=x", "before=x", "cursor=YQ"] {
            assert_eq!(browser.get(&format!("{path}?{nonsense}")).await.status(), 422, "{nonsense}");
        }
    }
);
