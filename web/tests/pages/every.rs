//! All pages and mails, rendered with all their samples, in every language and vocabulary.

use lectern_web::every::{Visit, visit};
use lectern_web::pages::{Classes, SessionPage};
use lectern_web::{House, Lang, Mail, MailBody, Notice, NoticeKind, Page, Shell, Vocabulary, Web};

/// One rendered page with the name it is reported by.
pub(crate) struct Rendered {
    pub(crate) name: String,
    pub(crate) lang: Lang,
    pub(crate) html: String,
    /// Whether it has the frame of a signed-in page.
    pub(crate) staff: bool,
}

struct RenderAll {
    web: Web,
    pages: Vec<Rendered>,
    mails: Vec<(String, MailBody)>,
    templates: Vec<&'static str>,
}

impl Visit for RenderAll {
    fn staff<P: Page>(&mut self) {
        self.templates.push(P::TEMPLATE);
        for lang in Lang::ALL {
            for shell in Shell::samples() {
                for (number, page) in P::samples().iter().enumerate() {
                    let name = format!("{} #{number} {lang:?} {:?}", P::TEMPLATE, shell.viewer);
                    let html =
                        self.web.page(page, &shell, lang).unwrap_or_else(|error| panic!("{name}: {error}"));
                    self.web.fragment(page, &shell, lang).unwrap_or_else(|error| panic!("{name}: {error}"));
                    self.pages.push(Rendered { name, lang, html, staff: true });
                }
            }
        }
    }

    fn bare<P: Page>(&mut self) {
        self.templates.push(P::TEMPLATE);
        for lang in Lang::ALL {
            for house in House::samples() {
                for (number, page) in P::samples().iter().enumerate() {
                    let name = format!("{} #{number} {lang:?} {:?}", P::TEMPLATE, house.vocabulary);
                    let html =
                        self.web.bare(page, &house, lang).unwrap_or_else(|error| panic!("{name}: {error}"));
                    self.web
                        .bare_fragment(page, &house, lang)
                        .unwrap_or_else(|error| panic!("{name}: {error}"));
                    self.pages.push(Rendered { name, lang, html, staff: false });
                }
            }
        }
    }

    fn mail<M: Mail>(&mut self) {
        for lang in Lang::ALL {
            for house in House::samples() {
                for (number, mail) in M::samples().iter().enumerate() {
                    let name = format!("{} #{number} {lang:?}", M::NAME);
                    let body =
                        self.web.mail(mail, &house, lang).unwrap_or_else(|error| panic!("{name}: {error}"));
                    self.mails.push((name, body));
                }
            }
        }
    }
}

fn all() -> RenderAll {
    let mut all = RenderAll { web: Web::new().unwrap(), pages: vec![], mails: vec![], templates: vec![] };
    visit(&mut all);
    all
}

/// Every page, rendered, and the refusal.
pub(crate) fn pages() -> Vec<Rendered> {
    let all = all();
    let refused = Rendered {
        name: "refused".to_owned(),
        lang: Lang::En,
        html: all.web.refused().unwrap(),
        staff: false,
    };
    all.pages.into_iter().chain([refused]).collect()
}

/// Every mail, rendered.
pub(crate) fn mails() -> Vec<(String, MailBody)> {
    all().mails
}

#[test]
fn every_template_of_a_page_is_in_the_list() {
    let listed = all().templates;
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/pages")).unwrap() {
        let name = format!("pages/{}", entry.unwrap().file_name().to_string_lossy());
        assert!(
            name == "pages/refused.html" || listed.contains(&name.as_str()),
            "{name} is rendered by no test"
        );
    }
}

#[test]
fn every_notice_has_words() {
    let web = Web::new().unwrap();
    for kind in NoticeKind::ALL {
        let shell = Shell { notice: Some(Notice::from(kind)), ..Shell::samples().remove(0) };
        for lang in Lang::ALL {
            web.page(&Classes::samples().remove(1), &shell, lang)
                .unwrap_or_else(|error| panic!("{kind:?}: {error}"));
        }
    }
}

#[test]
fn a_mail_has_a_subject_of_one_line_and_both_parts() {
    for (name, mail) in mails() {
        assert!(!mail.subject.is_empty() && !mail.subject.contains('\n'), "{name}: {:?}", mail.subject);
        assert!(mail.text.lines().count() > 4, "{name}");
        assert!(!mail.text.contains('<') && !mail.text.contains("&#x"), "{name}: {}", mail.text);
        assert!(mail.html.starts_with("<!doctype html>"), "{name}");
    }
}

#[test]
fn a_mail_leads_only_to_lectern() {
    for (name, mail) in mails() {
        for part in [&mail.text, &mail.html] {
            let plain = part.replace("&#x2f;", "/");
            for address in plain.split("https://").skip(1) {
                assert!(address.starts_with("classes.example/"), "{name} leads to {address:.40}");
            }
            assert!(!plain.contains("http://"), "{name}");
        }
    }
}

#[test]
fn a_marketplace_reads_of_sellers_and_buyers() {
    let web = Web::new().unwrap();
    let shell = |vocabulary: Vocabulary| Shell { house: vocabulary.into(), ..Shell::samples().remove(0) };
    let page = &SessionPage::samples()[0];
    let school = web.page(page, &shell(Vocabulary::School), Lang::En).unwrap();
    let market = web.page(page, &shell(Vocabulary::Marketplace), Lang::En).unwrap();
    assert!(school.contains(", student") && !school.contains("buyer"));
    assert!(market.contains(", buyer") && market.contains(", seller") && !market.contains("student"));
}

#[test]
fn looks_are_loaded_only_where_there_are_some() {
    let web = Web::new().unwrap();
    let page = &lectern_web::pages::Join::samples()[0];
    let houses = House::samples();
    let (plain, own) =
        (web.bare(page, &houses[0], Lang::Bn).unwrap(), web.bare(page, &houses[1], Lang::Bn).unwrap());
    assert!(!plain.contains("branding") && plain.contains("class=\"mark"), "{plain}");
    assert!(own.contains("accent.css") && own.contains("class=\"logo paper\""), "{own}");
    assert!(plain.contains("lang=en") && !own.contains("lang=en"), "one language leaves nothing to choose");
    assert!(!web.refused().unwrap().contains("branding"));
}
