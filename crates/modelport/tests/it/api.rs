//! One file per resource of the HTTP API.

mod errors;
mod health;
mod models;
mod providers;
