//! What people see of Lectern: templates, typed page contexts, translations, static files and mails.
//!
//! Data in, HTML out. Nothing here opens a socket, a file or a database, and nothing reads the clock:
//! every page carries the instant it was made for.
//!
//! | file | what it is |
//! |---|---|
//! | [`environment`] | [`Web`]: renders pages, mails and the one refusal |
//! | [`shell`] | what stands around a signed-in page: person, organization, navigation, notice |
//! | [`pages`] | one typed context per page, each with samples |
//! | [`mails`] | one typed context per mail |
//! | [`every`] | the list of them all |
//! | [`assets`] | static files under an address that changes with their content |
//! | [`lang`], [`catalog`] | languages, digits, plurals, vocabulary |
//! | [`time`] | instants and zones in words |
//! | [`charts`] | the geometry of every chart; templates only draw it |
//! | [`theme`] | the sheet that replaces our colours by somebody else's |
//! | [`icons`], [`form`], [`filters`] | the small parts templates are made of |

pub mod assets;
pub mod catalog;
pub mod charts;
pub mod environment;
pub mod every;
pub mod filters;
pub mod form;
pub mod icons;
pub mod lang;
pub mod mails;
pub mod pages;
pub mod shell;
pub mod theme;
pub mod time;

pub use environment::{Mail, MailBody, Page, Web, WebError};
pub use form::{Choice, FieldError};
pub use lang::{Lang, Languages, Vocabulary};
pub use shell::{Brand, Ground, House, Logo, Notice, NoticeKind, Section, Shell, Tone, Viewer};
