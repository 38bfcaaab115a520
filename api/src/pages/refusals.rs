//! What a refusal says on a page: the API's sentences are English, a page speaks its reader's language.

use lectern_web::FieldError as PageFieldError;

use crate::{
    app::App,
    error::{ApiError, FieldError},
};

/// The sentences that forms can meet, and the catalogue's key of each (behind `problem.`). A sentence that is not here is
/// said as it is.
const SENTENCES: &[(&str, &str)] = &[
    ("This is needed.", "required"),
    ("Name the cohort.", "required"),
    ("Line breaks and control characters are not possible here.", "control"),
    ("Control characters are not possible here.", "control"),
    ("Nobody here has this address, so a name is needed.", "name_missing"),
    ("This person is disabled. Enable them first.", "person_disabled"),
    ("Somebody else must change your own access.", "own_access"),
    ("Choose one of the roles.", "choose"),
    ("An owner is an admin (role 2). Take the owner flag away first.", "owner_role"),
    ("Use an IANA zone such as Asia/Dhaka.", "zone"),
    ("Use an IANA zone such as Europe/London.", "zone"),
    ("Use en or bn.", "language"),
    ("At least 10 characters.", "password"),
    ("Use 2 to 40 of a-z, 0-9 and -.", "slug"),
    ("Another organization has this name. Choose another.", "taken"),
    ("Write a day such as 2026-12-16.", "date"),
    ("This time has passed. Choose a time to come.", "past"),
    ("At most five years ahead.", "far"),
    ("One session has no rule. Change this and following, or all.", "series_one"),
    ("The new day does not say how the rule changes. Send the new rule too.", "series_day"),
    ("No session to come is left by this rule. To end a series, cancel what is to come.", "series_none_left"),
    ("This platform is not available here.", "choose"),
    ("Paste the address of the meeting.", "link_missing"),
    ("At most 2048 bytes. Copy the address alone, without the text of the invitation.", "link_long"),
    ("Paste the whole address of the meeting, beginning with https://.", "link_whole"),
    ("This is an address of Lectern itself. Paste the meeting's own.", "link_ours"),
    ("Pasted links are switched off on this server. Choose another platform.", "link_off"),
    ("Three letters, such as BDT.", "currency"),
    ("After the opening.", "closes_early"),
    ("Choose a free time.", "slot"),
    ("At most 12 spans a day.", "spans"),
    ("At most 400 days.", "many_days"),
    ("No span is long enough for one slot. Give hours, or leave the page closed.", "span_short"),
    ("Somebody else teaches this class.", "class_other"),
    ("There is no cohort with this id here.", "choose"),
    ("There is no class with this id here.", "choose"),
    ("Paste it whole and alone: no spaces or line breaks, at most 512 characters.", "paste_alone"),
    ("A server-to-server app needs the platform's account ID.", "account_id"),
    ("Paste the endpoint's signing secret: it begins with whsec_.", "whsec"),
    ("Write the whole address, https://….", "url"),
    ("The cohort is full.", "conflict.full"),
    ("There is a line break in it. Is a quotation mark not closed?", "quote_open"),
    ("A name does not begin with =, +, - or @.", "formula"),
    ("Somebody with another address has this external_id.", "taken"),
    ("The person with this address has another external_id.", "external_id_other"),
    (
        "The line has more fields than the first line names. Put a value with a separator into quotation marks.",
        "line_long",
    ),
    ("This is not UTF-8. Save the table as “CSV UTF-8” and try again.", "file_utf8"),
    ("This is empty. The first line names the columns, such as email,name.", "file_empty"),
    ("The first line names the columns, and one of them is email.", "file_columns"),
];

/// The beginnings of those that go on with names, an address or a reason, which the words may take up as `about`.
const BEGINNINGS: &[(&str, &str)] = &[
    ("Write an address such as ", "email"),
    ("Use one of", "choose"),
    ("It must be exactly our address", "redirect_url"),
    ("People cannot be sent there: ", "link_private"),
    ("This address is not called: ", "address_private"),
    ("This server sends people only to: ", "link_only"),
    ("Connected by the present app: ", "disconnect"),
];

/// The service's refusals, as a form shows them.
#[must_use]
pub fn field_errors(errors: &[FieldError]) -> Vec<PageFieldError> {
    errors.iter().map(|error| said(error.field.as_str(), &error.message)).collect()
}

fn said(field: &str, message: &str) -> PageFieldError {
    if let Some((least, most)) = range_of(message) {
        return PageFieldError::between(field, least, most);
    }
    if let Some((_, key)) = SENTENCES.iter().find(|(sentence, _)| *sentence == message) {
        return PageFieldError::new(field, *key);
    }
    let begun = BEGINNINGS.iter().find_map(|(begin, key)| Some((message.strip_prefix(begin)?, key)));
    if let Some((rest, key)) = begun {
        let about = rest.split_once(". ").map_or(rest.trim_end_matches('.'), |(first, _)| first);
        return PageFieldError { about: about.to_owned(), ..PageFieldError::new(field, *key) };
    }
    let long = message.starts_with("At most ") && message.ends_with(" characters.");
    PageFieldError::new(field, if long { "too_long" } else { message })
}

/// The numbers of “Between 5 and 10 minutes.”
fn range_of(message: &str) -> Option<(i64, i64)> {
    let (least, rest) = message.strip_prefix("Between ")?.split_once(" and ")?;
    let most = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    Some((least.parse().ok()?, most.parse().ok()?))
}

/// A refusal of the whole form, in every language where the catalogue has words for its code, else as the API says it.
#[must_use]
pub fn conflict(app: &App, code: &str, detail: &str, next: &str) -> PageFieldError {
    let key = format!("conflict.{code}");
    if app.web.catalog().has(&format!("problem.{key}")) {
        PageFieldError::form(key)
    } else {
        PageFieldError::form(format!("{detail} {next}"))
    }
}

/// What is wrong, beside the form.
///
/// # Errors
/// What no change of the form mends goes on.
pub fn beside_form(app: &App, error: ApiError) -> Result<Vec<PageFieldError>, ApiError> {
    match error {
        ApiError::Invalid(errors) => Ok(field_errors(&errors)),
        ApiError::Conflict(code, detail, next) => Ok(vec![conflict(app, code, &detail, &next)]),
        other => Err(other),
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use lectern_web::{Lang, catalog::Catalog};

    use super::*;
    use crate::people::service::{one_line, parse_email, parse_language, parse_time_zone};

    #[test]
    fn every_sentence_has_words_in_every_language() {
        let catalog = Catalog::load().unwrap();
        for (sentence, key) in SENTENCES.iter().chain(BEGINNINGS) {
            for lang in [Lang::En, Lang::Bn] {
                assert!(
                    catalog.strings(lang).contains_key(&format!("problem.{key}")),
                    "{key}, for: {sentence}"
                );
            }
        }
    }

    /// The sentences stand elsewhere: whoever writes one anew finds it here.
    #[test]
    fn every_sentence_is_said_somewhere() {
        let ours = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut sources = String::new();
        for folder in [ours.join("src"), ours.join("../core/src/schedule")] {
            gather(&folder, &mut sources);
        }
        for (sentence, _) in SENTENCES.iter().chain(BEGINNINGS) {
            assert!(sources.contains(sentence), "nothing says: {sentence}");
        }
    }

    fn gather(folder: &Path, sources: &mut String) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                gather(&path, sources);
            } else if !path.ends_with("pages/refusals.rs") {
                sources.push_str(&fs::read_to_string(path).unwrap());
            }
        }
    }

    #[test]
    fn what_a_field_says_is_known_by_its_sentence() {
        let said = |outcome: Result<String, String>| said("name", &outcome.unwrap_err());
        assert_eq!(said(one_line(" ", 9)).message, "required");
        assert_eq!(said(one_line("a\u{0}b", 9)).message, "control");
        assert_eq!(said(one_line("a long one", 9)).message, "too_long");
        assert_eq!(said(parse_email("nobody")).message, "email");
        assert_eq!(said(parse_language("xx")).message, "language");
        assert_eq!(said(parse_time_zone("Mars")).message, "zone");
        assert_eq!(said(Err("Something of its own.".to_owned())).message, "Something of its own.");
        assert_eq!(
            said(Err("Between 1 and 1440 minutes.".to_owned())),
            PageFieldError::between("name", 1, 1440)
        );
        let hosts = said(Err("This server sends people only to: meet.example, jit.si.".to_owned()));
        assert_eq!((hosts.message.as_str(), hosts.about.as_str()), ("link_only", "meet.example, jit.si"));
    }
}
