//! lectern-api
