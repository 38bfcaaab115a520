mod clocks;
mod edits;
mod given;
mod plans;
mod rules;
