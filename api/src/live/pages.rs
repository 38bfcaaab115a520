//! The live board as a page.
