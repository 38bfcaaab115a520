//! A join page is light: it is opened on a phone, one minute before class.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use lectern_web::pages::{Attendance, Join, SessionPage};
use lectern_web::{Lang, Page, Shell, Vocabulary, Web, assets};

fn gzipped(bytes: &[u8]) -> usize {
    let mut encoder = GzEncoder::new(vec![], Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap().len()
}

fn file(name: &str) -> usize {
    gzipped(&assets::get(&format!("x/{name}")).unwrap().bytes)
}

#[test]
fn a_join_page_with_all_it_loads_is_below_30_kb() {
    let web = Web::new().unwrap();
    let fixed: usize =
        ["lectern.css", "mark.svg", "join.js", "countdown.js", "replace.js"].map(file).iter().sum();
    for lang in Lang::ALL {
        for page in Join::samples() {
            let html = web.bare(&page, Vocabulary::School, lang).unwrap();
            let whole = fixed + gzipped(html.as_bytes());
            assert!(whole < 30_000, "{:?}: {whole} bytes", page.state);
        }
    }
}

#[test]
fn a_staff_page_is_below_100_kb() {
    let web = Web::new().unwrap();
    let shell = &Shell::samples()[0];
    let fixed: usize = [
        "lectern.css",
        "page.js",
        "live.js",
        "replace.js",
        "copy.js",
        "confirm.js",
        "notices.js",
        "again.js",
        "keys.js",
        "toast.js",
    ]
    .map(file)
    .iter()
    .sum();
    let attendance = web.page(&Attendance::samples()[0], shell, Lang::Bn).unwrap();
    let session = web.page(&SessionPage::samples()[0], shell, Lang::Bn).unwrap();
    for html in [attendance, session] {
        let whole = fixed + gzipped(html.as_bytes());
        assert!(whole < 100_000, "{whole} bytes");
    }
}

#[test]
fn scripts_write_text_and_never_markup_of_their_own() {
    for name in assets::names().filter(|name| name.ends_with(".js")) {
        let bytes = assets::get(&format!("x/{name}")).unwrap().bytes;
        let text = String::from_utf8(bytes.into_owned()).unwrap();
        for forbidden in
            ["innerHTML", "insertAdjacentHTML", "eval(", "document.write", "new Function", ".style."]
        {
            assert!(!text.contains(forbidden), "{name} uses {forbidden}");
        }
    }
}
