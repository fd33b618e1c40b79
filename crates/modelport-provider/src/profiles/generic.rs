//! An unknown host: what nearly every OpenAI-compatible server does.

use crate::profile::Profile;

/// Nothing but the usual.
pub static GENERIC: Profile = Profile::PLAIN;
