//! Who is fit to answer, and in which order they are asked.

pub mod budget;
pub mod health;
pub mod policy;
pub mod target;

#[cfg(test)]
mod simulation;
