//! Scheduled occurrences of classes and the meetings behind them.

pub mod facts;
