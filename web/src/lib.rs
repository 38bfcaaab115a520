//! lectern-web
