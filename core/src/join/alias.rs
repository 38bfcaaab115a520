use hmac::Mac;
use sha2::digest::Output;

use crate::{
    ids::{ClassId, PersonId},
    provider::Registrant,
    seal,
};

/// Letters of a code: none looks like another, and without vowels no code is a word.
const LETTERS: &[u8; 28] = b"23456789BCDFGHJKLMNPQRSTVWXZ";
/// 28^5 codes: in a class of three hundred two are the same once in some four hundred classes. A name decides nothing.
const CODE: usize = 5;

/// Who a person is to the vendor in a class that sends aliases: the same in all sessions of the class, another in every
/// other class, and telling nothing to whoever lacks the key. Made again whenever it is needed, stored nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// What stands for the given name: the same word for all.
    pub first_name: &'static str,
    /// What stands for the family name, and tells people in a meeting apart.
    pub code: String,
    /// What stands for the address, at the organization's relay domain. Nobody reads what is sent there.
    pub email: String,
}

impl Alias {
    /// The alias of a person in a class, under a key of the organization that never changes.
    #[must_use]
    pub fn of(key: &[u8; 32], class: ClassId, person: PersonId, relay_domain: &str) -> Self {
        let mut mac = seal::mac(key);
        mac.update(class.uuid().as_bytes());
        mac.update(person.uuid().as_bytes());
        let tag: Output<sha2::Sha256> = mac.finalize().into_bytes();
        let (address, rest) = tag.split_at(8);
        let code = rest.iter().take(CODE * 2).collect::<Vec<_>>();
        let letter = |pair: &[&u8]| {
            let number = pair.iter().fold(0_usize, |number, byte| number * 256 + usize::from(**byte));
            char::from(LETTERS[number % LETTERS.len()])
        };
        Self {
            first_name: "Participant",
            code: code.chunks(2).map(letter).collect(),
            email: format!("p-{}@{relay_domain}", hex::encode(address)),
        }
    }

    /// The whole name, as a meeting shows it.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{} {}", self.first_name, self.code)
    }

    /// Whom the vendor is asked to admit; the address may be one of the seat's own.
    #[must_use]
    pub fn registrant(&self, email: String) -> Registrant {
        Registrant { email, first_name: self.first_name.to_owned(), last_name: Some(self.code.clone()) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn alias(key: u8, class: u128, person: u128) -> Alias {
        Alias::of(
            &[key; 32],
            ClassId(Uuid::from_u128(class)),
            PersonId(Uuid::from_u128(person)),
            "seats.school.example",
        )
    }

    proptest! {
        #[test]
        fn it_is_the_same_for_ever_and_another_elsewhere(key: u8, class: u128, person: u128) {
            let one = alias(key, class, person);
            prop_assert_eq!(&one, &alias(key, class, person));
            for other in [alias(!key, class, person), alias(key, !class, person), alias(key, class, !person)] {
                prop_assert_ne!(&one.email, &other.email);
            }
            let (local, domain) = one.email.split_once('@').unwrap();
            prop_assert!(local.len() == 18 && domain == "seats.school.example");
            prop_assert!(one.code.len() == CODE && one.code.bytes().all(|byte| LETTERS.contains(&byte)));
        }
    }

    #[test]
    fn a_class_of_three_hundred_can_be_told_apart() {
        let codes: BTreeSet<String> = (0..300).map(|person| alias(7, 1, person).code).collect();
        let addresses: BTreeSet<String> = (0..300).map(|person| alias(7, 1, person).email).collect();
        assert!(codes.len() >= 299 && addresses.len() == 300);
    }
}
