//! Writes every sample of every page as a file that opens without a server:
//! `cargo run -p lectern-web --example gallery -- OUTDIR`.

use std::path::Path;
use std::{env, fs};

use lectern_web::mails::{CancelledMail, CodeMail, ConnectionLostMail, GuestInviteMail, JoinMail, MovedMail};
use lectern_web::pages::{
    Attendance, Audit, CancelSession, ClassNew, ClassOverview, ClassPlatform, ClassRoster, ClassSessions,
    ClassSettings, Classes, Connection, Connections, Consent, EditSession, EndSession, ErrorPage, Join,
    LiveBoard, Organizations, People, Platform, SessionPage, SetUp, SignIn,
};
use lectern_web::{Lang, Mail, Page, Shell, Vocabulary, Web, assets};

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> Outcome {
    let out = env::args().nth(1).ok_or("which folder?")?;
    let out = Path::new(&out);
    fs::create_dir_all(out)?;
    for name in assets::names() {
        if let Some(asset) = assets::get(&format!("x/{name}")) {
            fs::write(out.join(name.as_ref()), &asset.bytes)?;
        }
    }
    let web = Web::new()?;
    for lang in Lang::ALL {
        pages(out, &web, lang)?;
        mails(out, &web, lang)?;
    }
    write(out, "refused", Lang::En, &web.refused()?)
}

fn pages(out: &Path, web: &Web, lang: Lang) -> Outcome {
    staff::<Classes>(out, web, lang, "classes")?;
    staff::<ClassNew>(out, web, lang, "class-new")?;
    staff::<ClassOverview>(out, web, lang, "class")?;
    staff::<ClassRoster>(out, web, lang, "roster")?;
    staff::<ClassSessions>(out, web, lang, "sessions")?;
    staff::<ClassSettings>(out, web, lang, "settings")?;
    staff::<ClassPlatform>(out, web, lang, "platform_of_class")?;
    staff::<SessionPage>(out, web, lang, "session")?;
    staff::<EditSession>(out, web, lang, "session-edit")?;
    staff::<CancelSession>(out, web, lang, "session-cancel")?;
    staff::<EndSession>(out, web, lang, "session-end")?;
    staff::<Attendance>(out, web, lang, "attendance")?;
    staff::<LiveBoard>(out, web, lang, "live")?;
    staff::<Platform>(out, web, lang, "platform")?;
    staff::<Connection>(out, web, lang, "connection")?;
    staff::<Connections>(out, web, lang, "connections")?;
    staff::<Audit>(out, web, lang, "audit")?;
    staff::<People>(out, web, lang, "people")?;
    staff::<Organizations>(out, web, lang, "organizations")?;
    bare::<SignIn>(out, web, lang, "sign-in")?;
    bare::<SetUp>(out, web, lang, "set-up")?;
    bare::<Consent>(out, web, lang, "consent")?;
    bare::<ErrorPage>(out, web, lang, "error")?;
    bare::<Join>(out, web, lang, "join")
}

fn staff<P: Page>(out: &Path, web: &Web, lang: Lang, name: &str) -> Outcome {
    let shells = Shell::samples();
    for (number, page) in P::samples().iter().enumerate() {
        let shell = &shells[number % shells.len()];
        write(out, &format!("{name}-{number}"), lang, &web.page(page, shell, lang)?)?;
    }
    Ok(())
}

fn bare<P: Page>(out: &Path, web: &Web, lang: Lang, name: &str) -> Outcome {
    for (number, page) in P::samples().iter().enumerate() {
        write(out, &format!("{name}-{number}"), lang, &web.bare(page, Vocabulary::School, lang)?)?;
    }
    Ok(())
}

fn mails(out: &Path, web: &Web, lang: Lang) -> Outcome {
    mail::<JoinMail>(out, web, lang)?;
    mail::<MovedMail>(out, web, lang)?;
    mail::<CancelledMail>(out, web, lang)?;
    mail::<GuestInviteMail>(out, web, lang)?;
    mail::<CodeMail>(out, web, lang)?;
    mail::<ConnectionLostMail>(out, web, lang)
}

fn mail<M: Mail>(out: &Path, web: &Web, lang: Lang) -> Outcome {
    for (number, sample) in M::samples().iter().enumerate() {
        let body = web.mail(sample, Vocabulary::School, lang)?;
        let name = format!("mail-{}-{number}", M::NAME);
        write(out, &name, lang, &body.html)?;
        fs::write(
            out.join(format!("{name}.{}.txt", lang.tag())),
            format!("{}\n\n{}", body.subject, body.text),
        )?;
    }
    Ok(())
}

fn write(out: &Path, name: &str, lang: Lang, html: &str) -> Outcome {
    let local = html.replace(&format!("/static/{}/", assets::version()), "");
    // The escaper writes slashes of attributes as character references.
    let local = local.replace(&format!("&#x2f;static&#x2f;{}&#x2f;", assets::version()), "");
    fs::write(out.join(format!("{name}.{}.html", lang.tag())), local)?;
    Ok(())
}
