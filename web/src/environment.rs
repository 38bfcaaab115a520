//! Renders pages and mails.
//!
//! One minijinja environment per language and vocabulary, so that a template's words are settled before it runs and a
//! macro cannot lose them. Undefined variables are errors, everything in `.html` is escaped, templates are embedded.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};
use rust_embed::RustEmbed;
use serde::Serialize;

use crate::catalog::{Catalog, CatalogError};
use crate::lang::{Lang, Vocabulary};
use crate::shell::{self, House, Shell, Viewer};
use crate::{assets, filters};

#[derive(RustEmbed)]
#[folder = "templates/"]
struct Templates;

/// Enough for the longest list we page; a runaway template ends instead of holding a worker.
const FUEL: u64 = 20_000_000;

/// Ground and words of a mail's button, where the organization has no colour: the sheet's accent.
const MAIL_BUTTON: (&str, &str) = ("#0E5E49", "#FFFFFF");

/// A page: its data and its template.
pub trait Page: Serialize {
    /// The template's path below `templates/`.
    const TEMPLATE: &'static str;

    /// Invented data that takes every branch of the template: tests render them all, the gallery shows them.
    fn samples() -> Vec<Self>
    where
        Self: Sized;
}

/// A mail: its data and its two templates, `emails/{NAME}.txt` (first line: the subject) and `emails/{NAME}.html`.
pub trait Mail: Serialize {
    /// The templates' name.
    const NAME: &'static str;

    /// Invented data that takes every branch of the templates.
    fn samples() -> Vec<Self>
    where
        Self: Sized;
}

/// A mail as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailBody {
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// A page or mail that could not be made: always our own fault.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The whole chain is in `{:#}` of the source; it names template and line.
    #[error("the template {template} failed: {source:#}")]
    Template { template: &'static str, source: minijinja::Error },
}

/// The frame a page is put into.
#[derive(Clone, Copy, Debug)]
enum Frame {
    /// Navigation at the side.
    Staff,
    /// Navigation above, on a phone below.
    Student,
    /// One column, no navigation.
    Bare,
    /// Only the title and the main part, for a script that replaces parts of a page.
    Fragment,
}

impl Frame {
    fn template(self) -> &'static str {
        match self {
            Self::Staff => "layouts/staff.html",
            Self::Student => "layouts/student.html",
            Self::Bare => "layouts/bare.html",
            Self::Fragment => "layouts/fragment.html",
        }
    }
}

/// Everything needed to turn data into pages and mails. Make one and share it.
pub struct Web {
    catalog: Arc<Catalog>,
    environments: Vec<(Lang, Vocabulary, Environment<'static>)>,
}

impl fmt::Debug for Web {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Web").field("environments", &self.environments.len()).finish_non_exhaustive()
    }
}

impl Web {
    /// Reads the translations; templates are compiled when first used.
    ///
    /// # Errors
    /// When the embedded translations are broken, which the tests exclude.
    pub fn new() -> Result<Self, WebError> {
        let catalog = Arc::new(Catalog::load()?);
        let mut environments = Vec::with_capacity(4);
        for lang in Lang::ALL {
            for vocabulary in Vocabulary::ALL {
                environments.push((lang, vocabulary, environment(&catalog, lang, vocabulary)));
            }
        }
        Ok(Self { catalog, environments })
    }

    /// The translations, for a caller that needs one sentence outside a page.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// A whole page for a signed-in person.
    ///
    /// # Errors
    /// [`WebError::Template`].
    pub fn page<P: Page>(&self, page: &P, shell: &Shell, lang: Lang) -> Result<String, WebError> {
        let frame = if shell.viewer == Viewer::Student { Frame::Student } else { Frame::Staff };
        self.framed(page, shell, lang, frame)
    }

    /// The title and main part of the same page, for requests with `X-Fragment: 1`.
    ///
    /// # Errors
    /// [`WebError::Template`].
    pub fn fragment<P: Page>(&self, page: &P, shell: &Shell, lang: Lang) -> Result<String, WebError> {
        self.framed(page, shell, lang, Frame::Fragment)
    }

    /// A whole page without navigation: join, sign-in, set-up, errors for strangers.
    ///
    /// # Errors
    /// [`WebError::Template`].
    pub fn bare<P: Page>(&self, page: &P, house: impl Into<House>, lang: Lang) -> Result<String, WebError> {
        self.unframed(page, &house.into(), lang, Frame::Bare)
    }

    /// The title and main part of the same page.
    ///
    /// # Errors
    /// [`WebError::Template`].
    pub fn bare_fragment<P: Page>(
        &self,
        page: &P,
        house: impl Into<House>,
        lang: Lang,
    ) -> Result<String, WebError> {
        self.unframed(page, &house.into(), lang, Frame::Fragment)
    }

    /// The refusal of every link that is bad, forged, revoked or foreign: always the same bytes, in both languages,
    /// without organization, class or person. Answer it with 403.
    ///
    /// # Errors
    /// [`WebError::Template`].
    pub fn refused(&self) -> Result<String, WebError> {
        const TEMPLATE: &str = "pages/refused.html";
        let words = |lang| {
            let environment = self.environment(lang, Vocabulary::School);
            environment
                .get_template("components/refusal.html")
                .and_then(|template| template.render(context! { lang => lang.tag() }))
                .map(Value::from_safe_string)
                .map_err(|source| WebError::Template { template: TEMPLATE, source })
        };
        let blocks = vec![words(Lang::En)?, words(Lang::Bn)?];
        self.render(TEMPLATE, Lang::En, Vocabulary::School, context! { blocks })
    }

    /// A mail in a person's language.
    ///
    /// # Errors
    /// [`WebError::Template`].
    pub fn mail<M: Mail>(&self, mail: &M, house: impl Into<House>, lang: Lang) -> Result<MailBody, WebError> {
        let house = house.into();
        let (ground, ink) = match house.brand.as_ref().and_then(|brand| brand.button.as_ref()) {
            Some((ground, ink)) => (ground.as_str(), ink.as_str()),
            None => MAIL_BUTTON,
        };
        let button = context! { ground, ink };
        let context = context! { mail => Value::from(Serde(mail)), lang => lang.tag(), colours => button };
        let render = |extension: &str| {
            self.environment(lang, house.vocabulary)
                .get_template(&format!("emails/{}.{extension}", M::NAME))
                .and_then(|template| template.render(context.clone()))
                .map_err(|source| WebError::Template { template: M::NAME, source })
        };
        let text = render("txt")?;
        let (subject, text) = text.trim_start().split_once('\n').unwrap_or((text.as_str(), ""));
        let paragraphs: Vec<&str> =
            text.split("\n\n").map(str::trim).filter(|part| !part.is_empty()).collect();
        Ok(MailBody {
            // A title with a line break must not become a header of its own.
            subject: subject.split_whitespace().collect::<Vec<_>>().join(" "),
            text: format!("{}\n", paragraphs.join("\n\n")),
            html: render("html")?,
        })
    }

    fn environment(&self, lang: Lang, vocabulary: Vocabulary) -> &Environment<'static> {
        let found = self.environments.iter().find(|entry| entry.0 == lang && entry.1 == vocabulary);
        // `new` made one for every pair; the first stands in so that no path can panic.
        &found.unwrap_or(&self.environments[0]).2
    }

    fn framed<P: Page>(&self, page: &P, shell: &Shell, lang: Lang, frame: Frame) -> Result<String, WebError> {
        let context = context! {
            page => Value::from(Serde(page)),
            shell => Value::from(Serde(shell)),
            navigation => Value::from(Serde(shell::navigation(shell.viewer))),
            layout => frame.template(),
            brand => Value::from(Serde(&shell.house.brand)),
            lang => lang.tag(),
            other_lang => shell.house.languages.beside(lang).map(Lang::tag),
            other_lang_name => shell.house.languages.beside(lang).map(Lang::own_name),
        };
        self.render(P::TEMPLATE, lang, shell.house.vocabulary, context)
    }

    fn unframed<P: Page>(
        &self,
        page: &P,
        house: &House,
        lang: Lang,
        frame: Frame,
    ) -> Result<String, WebError> {
        let context = context! {
            page => Value::from(Serde(page)),
            shell => (),
            layout => frame.template(),
            brand => Value::from(Serde(&house.brand)),
            lang => lang.tag(),
            other_lang => house.languages.beside(lang).map(Lang::tag),
            other_lang_name => house.languages.beside(lang).map(Lang::own_name),
        };
        self.render(P::TEMPLATE, lang, house.vocabulary, context)
    }

    fn render(
        &self,
        template: &'static str,
        lang: Lang,
        vocabulary: Vocabulary,
        context: Value,
    ) -> Result<String, WebError> {
        self.environment(lang, vocabulary)
            .get_template(template)
            .and_then(|template| template.render(context))
            .map_err(|source| WebError::Template { template, source })
    }
}

fn environment(catalog: &Arc<Catalog>, lang: Lang, vocabulary: Vocabulary) -> Environment<'static> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_auto_escape_callback(
        |name| {
            if name.ends_with(".txt") { AutoEscape::None } else { AutoEscape::Html }
        },
    );
    env.set_fuel(Some(FUEL));
    env.set_loader(|name| {
        let Some(file) = Templates::get(name) else { return Ok(None) };
        String::from_utf8(file.data.into_owned()).map(Some).map_err(|error| {
            minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, "a template is not UTF-8")
                .with_source(error)
        })
    });
    env.add_global("static_version", assets::version());
    filters::install(&mut env, catalog, lang, vocabulary);
    env
}
