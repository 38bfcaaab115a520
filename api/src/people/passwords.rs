use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version, password_hash::phc::PasswordHash,
};
use lectern_core::{random::Randomness, secret::SecretString};
use tokio::sync::Semaphore;

use crate::db::assert_no_open_transaction;

/// OWASP ASVS 5.0, appendix C: m = 46 MiB, t = 1, p = 1.
const MEMORY_KIB: u32 = 47_104;

/// Hashes and checks passwords with argon2id, off the async threads, at most as many at once as there are cores.
#[derive(Clone, Debug)]
pub struct Passwords {
    randomness: Arc<dyn Randomness>,
    at_once: Arc<Semaphore>,
    /// Checked for unknown people, so that they cost the same.
    decoy: Arc<str>,
    computed: Arc<AtomicU64>,
}

/// The password could not be hashed.
#[derive(Debug, thiserror::Error)]
#[error("the password could not be hashed")]
pub struct HashingFailed;

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, 1, 1, None).unwrap_or(Params::DEFAULT);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

impl Passwords {
    /// With salts from the given source.
    #[must_use]
    pub fn new(randomness: Arc<dyn Randomness>) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        // A hash of the same parameters whose password nobody knows.
        let decoy = "$argon2id$v=19$m=47104,t=1,p=1$bGVjdGVybi1kZWNveS1zYWx0$Zm9yIHBlb3BsZSB3aG8gYXJlIG5vdCBoZXJlLi4uLi4";
        Self {
            randomness,
            at_once: Arc::new(Semaphore::new(cores)),
            decoy: decoy.into(),
            computed: Arc::default(),
        }
    }

    /// How many hashes were computed so far: shows that the same work is done for everybody.
    #[must_use]
    pub fn computed(&self) -> u64 {
        self.computed.load(Ordering::Relaxed)
    }

    /// The hash to store.
    ///
    /// # Errors
    /// When the hasher refuses, or the server stops.
    pub async fn hash(&self, password: &SecretString) -> Result<String, HashingFailed> {
        assert_no_open_transaction();
        let _turn = self.at_once.acquire().await.map_err(|_| HashingFailed)?;
        self.computed.fetch_add(1, Ordering::Relaxed);
        let (password, salt) = (password.clone(), self.randomness.bytes::<16>());
        let hashed = tokio::task::spawn_blocking(move || {
            argon2().hash_password_with_salt(password.expose().as_bytes(), &salt).map(|hash| hash.to_string())
        });
        hashed.await.map_err(|_| HashingFailed)?.map_err(|_| HashingFailed)
    }

    /// Whether the password fits. One hash is computed whatever is known: for `None` against a decoy.
    pub async fn verify(&self, password: &SecretString, hash: Option<&str>) -> bool {
        assert_no_open_transaction();
        let Ok(_turn) = self.at_once.acquire().await else { return false };
        self.computed.fetch_add(1, Ordering::Relaxed);
        let (password, known, hash) =
            (password.clone(), hash.is_some(), hash.unwrap_or(&self.decoy).to_owned());
        let fits = tokio::task::spawn_blocking(move || {
            PasswordHash::new(&hash)
                .is_ok_and(|hash| argon2().verify_password(password.expose().as_bytes(), &hash).is_ok())
        });
        fits.await.unwrap_or(false) && known
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use lectern_core::random::SeededRandomness;

    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_own_hash_and_nothing_fits_an_unknown_person() {
        let passwords = Passwords::new(Arc::new(SeededRandomness::new(1)));
        let hash = passwords.hash(&"chalk and duster".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=47104,t=1,p=1$"), "{hash}");
        assert!(passwords.verify(&"chalk and duster".into(), Some(&hash)).await);
        assert!(!passwords.verify(&"chalk".into(), Some(&hash)).await);
        assert!(!passwords.verify(&"chalk".into(), None).await);
        assert!(
            PasswordHash::new(&passwords.decoy).is_ok(),
            "the decoy is a real hash, so it costs the same"
        );
    }
}
