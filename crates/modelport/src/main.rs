//! The modelport binary.

fn main() {}
