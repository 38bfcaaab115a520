//! Sealing secrets at rest: AES-256-GCM under a data key of the organization, which a master key wraps.
//!
//! The associated data names organization, table, column and row, so that a ciphertext copied elsewhere does not open.
//! Nonces are random (96 bits): a data key must stay below 2^32 messages; rotation comes far earlier.

use std::fmt;

use aes_gcm::{
    Aes256Gcm, Key, KeyInit, Nonce,
    aead::{Aead, Payload},
};
use hkdf::Hkdf;
use hmac::Hmac;
use sha2::{Digest, Sha256};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{ids::OrganizationId, random::Randomness};

const VERSION: u8 = 1;
const NONCE: usize = 12;
const HEADER: usize = 1 + 4 + NONCE;

/// Where a sealed value lives. A value opens only in the place it was sealed for.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The tenant.
    pub organization: OrganizationId,
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// The row's id.
    pub row: Uuid,
}

impl Place {
    fn associated_data(&self) -> Vec<u8> {
        let mut data = Vec::with_capacity(64);
        data.extend_from_slice(self.organization.uuid().as_bytes());
        data.extend_from_slice(self.row.as_bytes());
        data.extend_from_slice(self.table.as_bytes());
        data.push(0);
        data.extend_from_slice(self.column.as_bytes());
        data
    }
}

/// Why a sealed value did not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Not an envelope of ours.
    #[error("the sealed value is damaged")]
    Malformed,
    /// Sealed under a data key that is not at hand.
    #[error("the sealed value names data key {0}, which is not at hand")]
    UnknownKey(u32),
    /// Wrong key, wrong place, or changed bytes.
    #[error("the sealed value does not open here: it was sealed under another key or for another place")]
    Refused,
}

/// The key outside the database that wraps every organization's data key.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; 32]>);

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({})", self.id())
    }
}

impl MasterKey {
    /// A fresh one.
    #[must_use]
    pub fn generate(randomness: &dyn Randomness) -> Self {
        Self(Zeroizing::new(randomness.bytes()))
    }

    /// Reads the 64 hex digits of a key file.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut key = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.trim(), key.as_mut_slice()).ok()?;
        Some(Self(key))
    }

    /// The 64 hex digits for a key file.
    #[must_use]
    pub fn to_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode(self.0.as_slice()))
    }

    /// A name that does not tell the key: stored beside what it wraps.
    #[must_use]
    pub fn id(&self) -> String {
        let digest =
            Sha256::new().chain_update(b"lectern master key id").chain_update(self.0.as_slice()).finalize();
        hex::encode(&digest[..8])
    }

    /// A key for one purpose (join links, form tokens), which does not tell this one.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        expand(&self.0, purpose)
    }

    /// Wraps an organization's data key.
    #[must_use]
    pub fn wrap(&self, organization: OrganizationId, data: &DataKey, randomness: &dyn Randomness) -> Vec<u8> {
        let place = wrap_place(organization);
        envelope(&self.0, 0, &place, data.key.as_slice(), randomness)
    }

    /// Opens a wrapped data key.
    ///
    /// # Errors
    /// [`SealError::Refused`] when this is not the key that wrapped it.
    pub fn unwrap_key(
        &self,
        organization: OrganizationId,
        number: u32,
        wrapped: &[u8],
    ) -> Result<DataKey, SealError> {
        let plain = open_envelope(&self.0, &wrap_place(organization), wrapped)?;
        let key: [u8; 32] = plain.as_slice().try_into().map_err(|_| SealError::Malformed)?;
        Ok(DataKey { number, key: Zeroizing::new(key) })
    }
}

fn expand(key: &Zeroizing<[u8; 32]>, purpose: &str) -> Zeroizing<[u8; 32]> {
    let mut derived = Zeroizing::new([0; 32]);
    // Expanding 32 bytes cannot exceed HKDF's limit of 255 blocks.
    let _always =
        Hkdf::<Sha256>::new(None, key.as_slice()).expand(purpose.as_bytes(), derived.as_mut_slice());
    derived
}

/// HMAC-SHA256 under one of our 256-bit keys.
#[must_use]
pub fn mac(key: &[u8; 32]) -> Hmac<Sha256> {
    // HMAC fills a short key with zeros to its block of 64 bytes; done here, `new` cannot fail.
    let mut block = Zeroizing::new([0; 64]);
    block[..32].copy_from_slice(key);
    Hmac::new(&(*block).into())
}

fn wrap_place(organization: OrganizationId) -> Place {
    Place { organization, table: "organization_keys", column: "wrapped", row: organization.uuid() }
}

/// One organization's key.
#[derive(Clone)]
pub struct DataKey {
    /// Which of the organization's keys; written into every envelope.
    pub number: u32,
    key: Zeroizing<[u8; 32]>,
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DataKey({})", self.number)
    }
}

impl DataKey {
    /// A fresh one.
    #[must_use]
    pub fn generate(number: u32, randomness: &dyn Randomness) -> Self {
        Self { number, key: Zeroizing::new(randomness.bytes()) }
    }
}

/// All data keys of one organization; the last one seals.
#[derive(Clone, Debug)]
pub struct DataKeys(Vec<DataKey>);

impl DataKeys {
    /// Keys in ascending order of their number; `None` when there is none.
    #[must_use]
    pub fn new(mut keys: Vec<DataKey>) -> Option<Self> {
        keys.sort_by_key(|key| key.number);
        (!keys.is_empty()).then_some(Self(keys))
    }

    /// The keys.
    pub fn iter(&self) -> impl Iterator<Item = &DataKey> {
        self.0.iter()
    }

    /// A key for one purpose that stays the same as long as the organization does: the first data key is kept for ever.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        self.0.first().map(|first| expand(&first.key, purpose)).unwrap_or_default()
    }

    /// Seals a value for its place.
    #[must_use]
    pub fn seal(&self, place: &Place, plain: &[u8], randomness: &dyn Randomness) -> Vec<u8> {
        self.0.last().map(|key| envelope(&key.key, key.number, place, plain, randomness)).unwrap_or_default()
    }

    /// Opens a value in its place.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn open(&self, place: &Place, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let number = sealed.get(1..5).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
        let number = number.ok_or(SealError::Malformed)?;
        let key = self.0.iter().find(|key| key.number == number).ok_or(SealError::UnknownKey(number))?;
        open_envelope(&key.key, place, sealed)
    }
}

fn envelope(
    key: &[u8; 32],
    number: u32,
    place: &Place,
    plain: &[u8],
    randomness: &dyn Randomness,
) -> Vec<u8> {
    let nonce: [u8; NONCE] = randomness.bytes();
    let cipher = Aes256Gcm::new(&Key::<Aes256Gcm>::from(*key));
    let payload = Payload { msg: plain, aad: &place.associated_data() };
    // AES-GCM fails only for messages beyond 64 GiB, which no caller holds in memory.
    let sealed = cipher.encrypt(&Nonce::from(nonce), payload).unwrap_or_default();
    let mut envelope = Vec::with_capacity(HEADER + sealed.len());
    envelope.push(VERSION);
    envelope.extend_from_slice(&number.to_le_bytes());
    envelope.extend_from_slice(&nonce);
    envelope.extend_from_slice(&sealed);
    envelope
}

fn open_envelope(key: &[u8; 32], place: &Place, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
    if sealed.len() < HEADER || sealed[0] != VERSION {
        return Err(SealError::Malformed);
    }
    let nonce: [u8; NONCE] = sealed[5..HEADER].try_into().map_err(|_| SealError::Malformed)?;
    let cipher = Aes256Gcm::new(&Key::<Aes256Gcm>::from(*key));
    let payload = Payload { msg: &sealed[HEADER..], aad: &place.associated_data() };
    cipher.decrypt(&Nonce::from(nonce), payload).map(Zeroizing::new).map_err(|_| SealError::Refused)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::random::SeededRandomness;

    fn place(row: u128, column: &'static str) -> Place {
        Place {
            organization: OrganizationId(Uuid::from_u128(1)),
            table: "connections",
            column,
            row: Uuid::from_u128(row),
        }
    }

    #[test]
    fn a_value_opens_only_in_its_own_place() {
        let dice = SeededRandomness::new(1);
        let keys = DataKeys::new(vec![DataKey::generate(1, &dice)]).unwrap();
        let sealed = keys.seal(&place(7, "access_token"), b"secret", &dice);
        assert_eq!(keys.open(&place(7, "access_token"), &sealed).unwrap().as_slice(), b"secret");
        assert_eq!(keys.open(&place(8, "access_token"), &sealed).unwrap_err(), SealError::Refused);
        assert_eq!(keys.open(&place(7, "refresh_token"), &sealed).unwrap_err(), SealError::Refused);
        let other = Place { organization: OrganizationId(Uuid::from_u128(2)), ..place(7, "access_token") };
        assert_eq!(keys.open(&other, &sealed).unwrap_err(), SealError::Refused);
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let dice = SeededRandomness::new(2);
        let keys = DataKeys::new(vec![DataKey::generate(1, &dice)]).unwrap();
        let sealed = keys.seal(&place(1, "x"), b"secret", &dice);
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert!(keys.open(&place(1, "x"), &changed).is_err(), "byte {index}");
        }
        for length in 0..sealed.len() {
            assert!(keys.open(&place(1, "x"), &sealed[..length]).is_err());
        }
    }

    #[test]
    fn a_rotated_master_key_opens_nothing_it_did_not_wrap() {
        let dice = SeededRandomness::new(3);
        let (old, new) = (MasterKey::generate(&dice), MasterKey::generate(&dice));
        let organization = OrganizationId(Uuid::from_u128(1));
        let data = DataKey::generate(1, &dice);
        let wrapped = old.wrap(organization, &data, &dice);
        assert!(new.unwrap_key(organization, 1, &wrapped).is_err());
        let again = new.wrap(organization, &old.unwrap_key(organization, 1, &wrapped).unwrap(), &dice);
        assert!(new.unwrap_key(organization, 1, &again).is_ok());
        assert_eq!(MasterKey::from_hex(&old.to_hex()).unwrap().id(), old.id());
    }
}
