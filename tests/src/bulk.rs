//! Many rows at once, past every wall: what a generator of data writes with.

use chrono::{DateTime, SecondsFormat, Utc};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, sqlite::SqliteConnection};
use uuid::Uuid;

use crate::Database;

/// Bytes of rows after which they are sent.
const PIECE: usize = 1_000_000;

/// One value of a row.
#[derive(Clone, Debug)]
pub enum Cell {
    /// Nothing.
    Null,
    /// An id.
    Id(Uuid),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A text, or JSON.
    Text(String),
    /// A word of ours.
    Word(&'static str),
    /// A number.
    Number(i64),
    /// Yes or no.
    Flag(bool),
    /// An instant.
    At(DateTime<Utc>),
}

impl From<Uuid> for Cell {
    fn from(id: Uuid) -> Self {
        Self::Id(id)
    }
}

impl From<DateTime<Utc>> for Cell {
    fn from(at: DateTime<Utc>) -> Self {
        Self::At(at)
    }
}

impl From<&'static str> for Cell {
    fn from(word: &'static str) -> Self {
        Self::Word(word)
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Cell {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A connection that writes rows by the thousand, in one transaction. Foreign keys are not looked at, nor does PostgreSQL run
/// triggers: whoever writes so answers for the rows.
#[derive(Debug)]
pub enum Bulk {
    /// By long inserts.
    Sqlite(SqliteConnection),
    /// By `COPY`.
    Postgres(PgConnection),
}

impl Bulk {
    /// Begins.
    pub async fn into(database: &Database) -> Self {
        match database.connect().await {
            Self::Sqlite(mut connection) => {
                connection.execute("pragma synchronous = off; begin immediate").await.unwrap();
                Self::Sqlite(connection)
            }
            Self::Postgres(mut connection) => {
                let begin = "set session_replication_role = replica; begin";
                connection.execute(begin).await.unwrap();
                Self::Postgres(connection)
            }
        }
    }

    /// Writes rows; each has as many values as there are columns named.
    pub async fn write(&mut self, table: &str, columns: &str, rows: impl IntoIterator<Item = Vec<Cell>>) {
        match self {
            Self::Sqlite(connection) => {
                let insert = format!("insert into {table} ({columns}) values ");
                let mut text = insert.clone();
                for row in rows {
                    text.push_str(if text.len() == insert.len() { "(" } else { ", (" });
                    join(&mut text, &row, ", ", literal);
                    text.push(')');
                    if text.len() > PIECE {
                        let full = std::mem::replace(&mut text, insert.clone());
                        connection.execute(AssertSqlSafe(full)).await.unwrap();
                    }
                }
                if text.len() > insert.len() {
                    connection.execute(AssertSqlSafe(text)).await.unwrap();
                }
            }
            Self::Postgres(connection) => {
                let copy = format!("copy {table} ({columns}) from stdin");
                let mut copy = connection.copy_in_raw(&copy).await.unwrap();
                let mut text = String::new();
                for row in rows {
                    join(&mut text, &row, "\t", copied);
                    text.push('\n');
                    if text.len() > PIECE {
                        copy.send(std::mem::take(&mut text).into_bytes()).await.unwrap();
                    }
                }
                copy.send(text.into_bytes()).await.unwrap();
                copy.finish().await.unwrap();
            }
        }
    }

    /// Runs a statement among the rows.
    pub async fn execute(&mut self, sql: &str) {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(connection) => drop(connection.execute(sql).await.unwrap()),
            Self::Postgres(connection) => drop(connection.execute(sql).await.unwrap()),
        }
    }

    /// Everything is there.
    pub async fn finish(self) {
        match self {
            Self::Sqlite(mut connection) => {
                connection.execute("commit").await.unwrap();
                connection.close().await.unwrap();
            }
            Self::Postgres(mut connection) => {
                connection.execute("commit").await.unwrap();
                // What autovacuum does by itself within a minute or two.
                connection.execute("vacuum analyze").await.unwrap();
                connection.close().await.unwrap();
            }
        }
    }
}

fn join(text: &mut String, row: &[Cell], between: &str, write: impl Fn(&mut String, &Cell)) {
    for (number, cell) in row.iter().enumerate() {
        if number > 0 {
            text.push_str(between);
        }
        write(text, cell);
    }
}

/// As SQLite reads it; instants as the program writes them.
fn literal(text: &mut String, cell: &Cell) {
    match cell {
        Cell::Null => text.push_str("null"),
        Cell::Id(id) => text.push_str(&format!("x'{}'", id.simple())),
        Cell::Bytes(bytes) => text.push_str(&format!("x'{}'", hex::encode(bytes))),
        Cell::Text(value) => text.push_str(&format!("'{}'", value.replace('\'', "''"))),
        Cell::Word(word) => text.push_str(&format!("'{}'", word.replace('\'', "''"))),
        Cell::Number(number) => text.push_str(&number.to_string()),
        Cell::Flag(flag) => text.push_str(if *flag { "1" } else { "0" }),
        Cell::At(at) => {
            text.push_str(&format!("'{}'", at.to_rfc3339_opts(SecondsFormat::AutoSi, false)));
        }
    }
}

/// As PostgreSQL's `COPY` reads it.
fn copied(text: &mut String, cell: &Cell) {
    match cell {
        Cell::Null => text.push_str("\\N"),
        Cell::Id(id) => text.push_str(&id.to_string()),
        Cell::Bytes(bytes) => text.push_str(&format!("\\\\x{}", hex::encode(bytes))),
        Cell::Text(value) => {
            let value = value.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n");
            text.push_str(&value);
        }
        Cell::Word(word) => text.push_str(word),
        Cell::Number(number) => text.push_str(&number.to_string()),
        Cell::Flag(flag) => text.push_str(if *flag { "t" } else { "f" }),
        Cell::At(at) => text.push_str(&at.to_rfc3339_opts(SecondsFormat::AutoSi, false)),
    }
}
