//! An LLM gateway.
