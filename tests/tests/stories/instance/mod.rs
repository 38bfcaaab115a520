//! What whoever runs the server sees of it, and does.

mod health;
mod limits;
mod owners;
mod work;
