//! Who may do what is decided by role, on the server.

use serde::{Deserialize, Serialize};

/// A person's role in one organization. The numbers are the marketplace's (`admin = 2, seller = 1, buyer = 0`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub enum Role {
    /// A student, or a buyer.
    Student,
    /// An instructor, or a seller.
    Instructor,
    /// An organization's administrator.
    Admin,
}

/// A number that is no role.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("a role is 0 (student), 1 (instructor) or 2 (admin), not {0}")]
pub struct UnknownRole(pub i64);

impl Role {
    /// The number that JSON and the database carry.
    #[must_use]
    pub const fn number(self) -> i64 {
        match self {
            Self::Student => 0,
            Self::Instructor => 1,
            Self::Admin => 2,
        }
    }

    /// The word that goes with the number in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Student => "student",
            Self::Instructor => "instructor",
            Self::Admin => "admin",
        }
    }
}

impl TryFrom<i64> for Role {
    type Error = UnknownRole;

    fn try_from(number: i64) -> Result<Self, UnknownRole> {
        match number {
            0 => Ok(Self::Student),
            1 => Ok(Self::Instructor),
            2 => Ok(Self::Admin),
            other => Err(UnknownRole(other)),
        }
    }
}

impl From<Role> for i64 {
    fn from(role: Role) -> Self {
        role.number()
    }
}

/// What a person is to one session: the role each presence is logged with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionRole {
    /// Enrolled: student or buyer.
    Student,
    /// Teaches it: instructor or seller.
    Instructor,
    /// Invited by e-mail, without an account.
    Guest,
    /// Came into the meeting without a seat of ours.
    Unknown,
}

impl SessionRole {
    /// The word stored and sent.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Student => "student",
            Self::Instructor => "instructor",
            Self::Guest => "guest",
            Self::Unknown => "unknown",
        }
    }

    /// Reads the stored word back.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Student, Self::Instructor, Self::Guest, Self::Unknown]
            .into_iter()
            .find(|role| role.name() == word)
    }
}
