//! Which deployments a request is tried at, and in which order: routes, policies, and the state of their targets.

pub mod affinity;
pub mod budget;
pub mod choice;
pub mod decisions;
pub mod health;
pub mod keyring;
pub mod needs;
pub mod policy;
pub mod route;
pub mod target;

#[cfg(test)]
mod simulation;
