//! lectern-providers
