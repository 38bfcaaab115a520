//! Contract tests: every request, answer and webhook against the vendor's own documents.
//!
//! The documents are not part of this repository. `LECTERN_VENDOR_SPECS` names the folder that holds them; where it is
//! unset the checks are skipped, loudly. What real vendors do beyond their documents is listed in `deviations.toml`,
//! each with its reason and source.

mod deviations;
mod discovery;
mod document;
mod http_check;
mod inherit;
mod strict;

pub use deviations::Deviation;
pub use document::{Contract, ContractError, Violation};
