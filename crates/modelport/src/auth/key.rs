//! A key and a team, as they are kept: each a document, without the key's own text.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{scope::Scopes, secret::Digest};
use crate::config::limits::{Limits, Priority};

/// The kind of the documents that are keys.
pub const KEY: &str = "key";

/// The kind of the documents that are teams.
pub const TEAM: &str = "team";

/// A key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// What it is called in the ledger and in commands; it opens nothing.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Its digests: the newest first, then those that are still good for a while after a rotation.
    pub secrets: Vec<Secret>,
    /// The team that it counts for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// Who uses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// When it stops being good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// When it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Timestamp>,
    /// What it opens.
    #[serde(default)]
    pub scopes: Scopes,
    /// How its requests stand to those of others where they wait.
    #[serde(default)]
    pub priority: Priority,
    /// What is kept with each of its requests.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// How much it may use.
    #[serde(default, skip_serializing_if = "Limits::is_none")]
    pub limits: Limits,
}

/// One text of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret {
    /// Its digest.
    pub digest: Digest,
    /// Its beginning, for people.
    pub prefix: String,
    /// When it stops being good, after a rotation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// How a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = KeyStanding)]
pub enum Standing {
    /// It opens what its scopes say.
    Active,
    /// Its time is over.
    Expired,
    /// It was taken back.
    Revoked,
}

impl Standing {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

/// A key as it is shown: with how it stands, and without its digests.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Key)]
pub struct Shown {
    /// What it is called in the ledger and in commands; it opens nothing.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The team that it counts for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// Who uses it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// When it stops being good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// When it was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Timestamp>,
    /// What it opens.
    pub scopes: Scopes,
    /// How its requests stand to those of others where they wait.
    pub priority: Priority,
    /// What is kept with each of its requests.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// How much it may use.
    #[serde(skip_serializing_if = "Limits::is_none")]
    pub limits: Limits,
    /// What people see of its text.
    pub prefix: String,
    /// How it stands.
    pub status: Standing,
    /// Texts of it that are still good for a while after a rotation.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub replaced: Vec<Replaced>,
}

/// An older text of a key.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Replaced {
    /// Its beginning.
    pub prefix: String,
    /// When it stops being good.
    pub until: Option<Timestamp>,
}

impl Replaced {
    fn of(secret: &Secret) -> Self {
        Self {
            prefix: secret.prefix.clone(),
            until: secret.until,
        }
    }
}

impl Key {
    /// How it stands at a moment.
    pub fn standing(&self, now: Timestamp) -> Standing {
        if self.revoked.is_some() {
            Standing::Revoked
        } else if self.expires.is_some_and(|expires| expires <= now) {
            Standing::Expired
        } else {
            Standing::Active
        }
    }

    /// It as it is shown at a moment.
    pub fn shown(&self, now: Timestamp) -> Shown {
        let older = self.secrets.iter().skip(1);
        Shown {
            id: self.id.clone(),
            name: self.name.clone(),
            team: self.team.clone(),
            user: self.user.clone(),
            created: self.created,
            expires: self.expires,
            revoked: self.revoked,
            scopes: self.scopes.clone(),
            priority: self.priority,
            tags: self.tags.clone(),
            limits: self.limits.clone(),
            prefix: self.prefix().to_owned(),
            status: self.standing(now),
            replaced: older.map(Replaced::of).collect(),
        }
    }

    /// What people see of its text.
    pub fn prefix(&self) -> &str {
        let newest = self.secrets.first();
        newest.map_or("", |secret| secret.prefix.as_str())
    }
}

/// Keys that share limits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Team {
    /// Its name, by which keys are in it.
    pub name: String,
    /// When it was made.
    pub created: Timestamp,
    /// What is kept with each request of its keys, unless the key says otherwise.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// How much all its keys may use together.
    #[serde(default, skip_serializing_if = "Limits::is_none")]
    pub limits: Limits,
}
