//! What the join page says of the platform's own door, behind ours: how it takes a person in, and what it was told of them.

use lectern_core::provider::{JoinGuarantee, PersonalData, ProviderName};
use lectern_providers::registry;
use lectern_web::pages::join::{Entrance, Told};

use super::aliases::Naming;
use crate::{classes::Enrollment, sessions::Meeting};

/// For one person in this meeting, or in the one that will be made.
pub(super) fn of(
    platform: ProviderName,
    meeting: Option<&Meeting>,
    enrollment: &Enrollment,
    naming: &Naming,
) -> (Entrance, Told) {
    let (guarantee, learns) = match registry::at_best(platform) {
        // A host whose plan or grant has no registrants: one link for all, and nobody is told of anybody.
        Some(best)
            if best.guarantee < JoinGuarantee::HostAdmits
                && meeting.is_some_and(|meeting| !meeting.registration) =>
        {
            (JoinGuarantee::HostAdmits, Vec::new())
        }
        Some(best) => (best.guarantee, best.personal_data),
        None => (JoinGuarantee::LinkHolder, Vec::new()),
    };
    let entrance = match guarantee {
        JoinGuarantee::PerPersonUrl => {
            Entrance::Named { name: naming.shown(enrollment.person, enrollment.name()) }
        }
        JoinGuarantee::RosterLocked => Entrance::Listed { masked_email: masked(&enrollment.email) },
        JoinGuarantee::HostAdmits => Entrance::Admitted,
        JoinGuarantee::LinkHolder => Entrance::Open,
    };
    let told = match learns.as_slice() {
        [] => Told::Nothing,
        _ if naming.alias(enrollment.person).is_some() => Told::Alias,
        [PersonalData::Email] => Told::Address,
        _ => Told::NameAndAddress,
    };
    (entrance, told)
}

/// `ayesha@school.example` as `a•••••@school.example`.
pub(super) fn masked(email: &str) -> String {
    match email.split_once('@') {
        Some((local, domain)) => format!("{}•••••@{domain}", local.chars().next().unwrap_or('•')),
        None => "•••••".to_owned(),
    }
}
