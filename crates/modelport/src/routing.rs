//! Who is fit to answer.

pub mod health;
