//! What a link may carry: a few facts under a MAC, so that nothing has to be stored to believe them.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::seal::{self, MasterKey};

const VERSION: u8 = 1;
const KEY_ID: usize = 4;
const HEAD: usize = 1 + KEY_ID;
const MAC: usize = 32;

/// Signs and checks what one kind of link says: HMAC-SHA256, the algorithm fixed here and nowhere in the token.
#[derive(Clone)]
pub(crate) struct Signer {
    keys: Vec<([u8; KEY_ID], Zeroizing<[u8; 32]>)>,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer").field("keys", &self.keys.len()).finish()
    }
}

impl Signer {
    /// For links of one kind. The first key signs; all of them verify, so that links survive a rotation of the master key.
    pub(crate) fn new<'a>(kind: &str, keys: impl IntoIterator<Item = &'a MasterKey>) -> Self {
        let keys = keys.into_iter().map(|master| {
            let derived = master.derive(&format!("{kind} key id"));
            (std::array::from_fn(|index| derived[index]), master.derive(kind))
        });
        Self { keys: keys.collect() }
    }

    /// The token for a body: always the same one.
    pub(crate) fn sign(&self, body: &[u8]) -> String {
        let Some((id, key)) = self.keys.first() else { return String::new() };
        let mut bytes = Vec::with_capacity(HEAD + body.len() + MAC);
        bytes.push(VERSION);
        bytes.extend_from_slice(id);
        bytes.extend_from_slice(body);
        let tag = mac(key, &bytes).finalize().into_bytes();
        bytes.extend_from_slice(&tag);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The body of a genuine token; it has this many bytes.
    pub(crate) fn open<const BODY: usize>(&self, token: &str) -> Option<[u8; BODY]> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        if bytes.len() != HEAD + BODY + MAC || bytes[0] != VERSION {
            return None;
        }
        let (said, tag) = bytes.split_at(HEAD + BODY);
        let (_, key) = self.keys.iter().find(|(id, _)| id == &said[1..HEAD])?;
        mac(key, said).verify_slice(tag).ok()?;
        said[HEAD..].try_into().ok()
    }
}

fn mac(key: &[u8; 32], body: &[u8]) -> Hmac<Sha256> {
    let mut mac = seal::mac(key);
    mac.update(body);
    mac
}
