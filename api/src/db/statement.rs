/// What a statement touches: decides under which role and tenant it runs and is tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One organization's rows, in a tenant transaction.
    Tenant,
    /// Routing and queue tables, in a system transaction.
    System,
}

/// One SQL statement, in the text each engine takes.
#[derive(Clone, Copy, Debug)]
pub struct Statement {
    /// `module::NAME`.
    pub name: &'static str,
    /// Where it runs.
    pub kind: Kind,
    /// For SQLite.
    pub sqlite: &'static str,
    /// For PostgreSQL.
    pub postgres: &'static str,
}

inventory::collect!(Statement);

/// Every statement of the program: a test prepares them all on both engines.
pub fn registered_statements() -> impl Iterator<Item = &'static Statement> {
    inventory::iter::<Statement>.into_iter()
}

/// Declares statements: `statement!(tenant FIND, "select …")`, or with a text for each engine
/// `statement!(system CLAIM, sqlite: "…", postgres: "…")`.
#[macro_export]
macro_rules! statement {
    (tenant $($rest:tt)*) => { $crate::statement!(@ $crate::db::Kind::Tenant, $($rest)*); };
    (system $($rest:tt)*) => { $crate::statement!(@ $crate::db::Kind::System, $($rest)*); };
    (@ $kind:expr, $name:ident, sqlite: $sqlite:expr, postgres: $postgres:expr $(,)?) => {
        const $name: $crate::db::Statement = $crate::db::Statement {
            name: concat!(module_path!(), "::", stringify!($name)),
            kind: $kind,
            sqlite: $sqlite,
            postgres: $postgres,
        };
        inventory::submit!($name);
    };
    (@ $kind:expr, $name:ident, $sql:expr $(,)?) => {
        $crate::statement!(@ $kind, $name, sqlite: $sql, postgres: $sql);
    };
}

/// The text of an insert of one row, four or sixteen: `rows!(4, "insert into t (a, b) values ", "(?, ?)")`.
#[macro_export]
macro_rules! rows {
    (1, $insert:literal, $row:literal $(, $rest:literal)?) => {
        concat!($insert, $row $(, $rest)?)
    };
    (4, $insert:literal, $row:literal $(, $rest:literal)?) => {
        concat!($insert, $row, ", ", $row, ", ", $row, ", ", $row $(, $rest)?)
    };
    (16, $insert:literal, $row:literal $(, $rest:literal)?) => {
        concat!(
            $insert, $row, ", ", $row, ", ", $row, ", ", $row, ", ", $row, ", ", $row, ", ", $row, ", ", $row, ", ",
            $row, ", ", $row, ", ", $row, ", ", $row, ", ", $row, ", ", $row, ", ", $row, ", ", $row $(, $rest)?
        )
    };
}
