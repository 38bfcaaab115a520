//! lectern-simulators
