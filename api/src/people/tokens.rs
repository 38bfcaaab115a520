use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use lectern_core::random::Randomness;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// A random bearer token, of a sign-in or an API key: shown once, stored as a hash.
#[derive(Clone)]
pub struct BearerToken(Zeroizing<String>);

impl std::fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BearerToken(***)")
    }
}

impl BearerToken {
    /// 256 fresh bits behind a prefix that tells what it is (`ls_` sign-in, `lk_` API key).
    #[must_use]
    pub fn generate(prefix: &str, randomness: &dyn Randomness) -> Self {
        Self(Zeroizing::new(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(randomness.bytes::<32>()))))
    }

    /// One that came with a request.
    #[must_use]
    pub fn received(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }

    /// The token, for the one answer that shows it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored. A plain hash suffices for 256 random bits.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

/// What an API key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Read everything of the organization.
    Read,
    /// Change people, classes, sessions and enrollments.
    Write,
    /// Read and change platform settings and connections.
    Platforms,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Platforms];

    /// The word stored and sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Platforms => "platforms",
        }
    }
}
