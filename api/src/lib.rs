//! The server: everything that touches a socket or a table.

pub mod app;
pub mod append;
pub mod audit;
pub mod classes;
pub mod cli;
pub mod config;
pub mod db;
pub mod error;
pub mod events;
pub mod extract;
pub mod ids;
pub mod jobs;
pub mod keys;
pub mod limits;
pub mod list;
pub mod mail;
pub mod openapi;
pub mod organizations;
pub mod pages;
pub mod people;
pub mod platforms;
pub mod probes;
pub mod routes;
pub mod webhooks_in;
