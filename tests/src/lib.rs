//! lectern-tests
