//! lectern-core
