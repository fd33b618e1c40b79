//! One file per resource of the HTTP API.

mod dashboard;
mod errors;
mod health;
mod limits;
mod models;
mod openapi;
mod providers;
mod requests;
