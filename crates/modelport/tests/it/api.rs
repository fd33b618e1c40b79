//! One file per resource of the HTTP API.

mod dashboard;
mod errors;
mod health;
mod models;
mod providers;
