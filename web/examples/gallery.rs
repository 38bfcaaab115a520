//! Writes every sample of every page and mail as a file that opens without a server:
//! `cargo run -p lectern-web --example gallery -- OUTDIR`.

use std::path::{Path, PathBuf};
use std::{env, fs};

use lectern_web::every::{Visit, visit};
use lectern_web::{Lang, Mail, Page, Shell, Viewer, Vocabulary, Web, assets};

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> Outcome {
    let out = PathBuf::from(env::args().nth(1).ok_or("which folder?")?);
    fs::create_dir_all(&out)?;
    for name in assets::names() {
        if let Some(asset) = assets::get(&format!("x/{name}")) {
            fs::write(out.join(name.as_ref()), &asset.bytes)?;
        }
    }
    let web = Web::new()?;
    for lang in Lang::ALL {
        let mut gallery = Gallery { out: &out, web: &web, lang, outcome: Ok(()) };
        visit(&mut gallery);
        gallery.outcome?;
    }
    write(&out, "refused", Lang::En, &web.refused()?)
}

struct Gallery<'a> {
    out: &'a Path,
    web: &'a Web,
    lang: Lang,
    /// The first failure; nothing is written after it.
    outcome: Outcome,
}

impl Gallery<'_> {
    fn then(&mut self, step: impl FnOnce(&Self) -> Outcome) {
        if self.outcome.is_ok() {
            self.outcome = step(self);
        }
    }
}

/// `pages/schedule.html` as `schedule`.
fn name(template: &str) -> &str {
    template.trim_start_matches("pages/").trim_end_matches(".html")
}

impl Visit for Gallery<'_> {
    /// Each sample as another of those who may see it: their frames take turns.
    fn staff<P: Page>(&mut self) {
        self.then(|gallery| {
            let students = ["pages/home.html", "pages/why.html", "pages/own_attendance.html"];
            let is_theirs =
                |shell: &Shell| (shell.viewer == Viewer::Student) == students.contains(&P::TEMPLATE);
            let shells: Vec<Shell> = Shell::samples().into_iter().filter(is_theirs).collect();
            for (number, page) in P::samples().iter().enumerate() {
                let html = gallery.web.page(page, &shells[number % shells.len()], gallery.lang)?;
                write(gallery.out, &format!("{}-{number}", name(P::TEMPLATE)), gallery.lang, &html)?;
            }
            Ok(())
        });
    }

    fn bare<P: Page>(&mut self) {
        self.then(|gallery| {
            for (number, page) in P::samples().iter().enumerate() {
                let html = gallery.web.bare(page, Vocabulary::School, gallery.lang)?;
                write(gallery.out, &format!("{}-bare-{number}", name(P::TEMPLATE)), gallery.lang, &html)?;
            }
            Ok(())
        });
    }

    fn mail<M: Mail>(&mut self) {
        self.then(|gallery| {
            for (number, sample) in M::samples().iter().enumerate() {
                let body = gallery.web.mail(sample, Vocabulary::School, gallery.lang)?;
                let name = format!("mail-{}-{number}", M::NAME);
                write(gallery.out, &name, gallery.lang, &body.html)?;
                let text = format!("{}\n\n{}", body.subject, body.text);
                fs::write(gallery.out.join(format!("{name}.{}.txt", gallery.lang.tag())), text)?;
            }
            Ok(())
        });
    }
}

fn write(out: &Path, name: &str, lang: Lang, html: &str) -> Outcome {
    let local = html.replace(&format!("/static/{}/", assets::version()), "");
    // The escaper writes slashes of attributes as character references.
    let local = local.replace(&format!("&#x2f;static&#x2f;{}&#x2f;", assets::version()), "");
    fs::write(out.join(format!("{name}.{}.html", lang.tag())), local)?;
    Ok(())
}
