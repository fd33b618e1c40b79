//! What the gateway tells of itself while it runs.

pub mod history;
pub mod logs;
pub mod metrics;
pub mod observer;
pub mod traces;
