//! A simulated model provider.
