//! What can be done to keys and, in `teams`, to teams. Each change is written down before it counts anywhere.

use std::{collections::BTreeMap, time::Duration};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    key::{KEY, Key, Secret},
    scope::Scopes,
    secret::{Digest, NewSecret, random_text},
};
use crate::{
    config::{
        limits::{Limits, MAX_TAG, Priority},
        object,
    },
    store::{Store, StoreFault},
};

mod patch;
mod teams;

use patch::patched;
pub use teams::TeamDraft;

/// The longest name, team, user, tag or tag's value.
const MAX_TEXT: usize = MAX_TAG;

/// The most text in all tags together, in bytes: they are in every row of the ledger.
const MAX_TAGS_TEXT: usize = 2000;

/// The most tags.
const MAX_TAGS: usize = 32;

/// The most items in a list of a scope.
const MAX_SCOPES: usize = 256;

/// What is said of a key when it is made or changed.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct KeyDraft {
    /// What people call it.
    #[schema(max_length = 200)]
    pub name: String,
    /// The team that it counts for, which must be there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub team: Option<String>,
    /// Who uses it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub user: Option<String>,
    /// When it stops being good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// What it opens.
    #[serde(deserialize_with = "object::only")]
    pub scopes: Scopes,
    /// How its requests stand to those of others where they wait.
    pub priority: Priority,
    /// What is kept with each of its requests.
    pub tags: BTreeMap<String, String>,
    /// How much it may use.
    #[serde(deserialize_with = "object::only")]
    pub limits: Limits,
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The database did not do it.
    #[error("the database: {0}")]
    Store(#[from] StoreFault),
    /// The system has no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(#[from] getrandom::Error),
    /// Something that was said makes no sense.
    #[error("{message}")]
    Invalid {
        /// Which field.
        field: &'static str,
        /// What is wrong with it, and what would be right.
        message: String,
    },
    /// There is no such thing.
    #[error("there is no {kind} {id:?}.")]
    Missing {
        /// A key or a team.
        kind: &'static str,
        /// What was asked for.
        id: String,
    },
    /// It does not fit what is there.
    #[error("{0}")]
    Conflict(String),
}

fn invalid(field: &'static str, message: impl Into<String>) -> Refusal {
    let message = message.into();
    Refusal::Invalid { field, message }
}

/// The keys and teams in a database.
pub struct Book<'s> {
    store: &'s mut Store,
    now: Timestamp,
}

impl<'s> Book<'s> {
    /// The ones in this database, at this time.
    pub fn new(store: &'s mut Store, now: Timestamp) -> Self {
        Self { store, now }
    }

    /// Makes a key. Its text is in the answer and nowhere else.
    ///
    /// # Errors
    ///
    /// [`Refusal`].
    pub async fn create_key(&mut self, draft: KeyDraft) -> Result<(Key, NewSecret), Refusal> {
        self.check_key(&draft).await?;
        if draft.expires.is_some_and(|expires| expires <= self.now) {
            return Err(invalid(
                "expires",
                "expires is in the past. Give a later time.",
            ));
        }
        let text = NewSecret::new()?;
        let key = Key {
            id: format!("key_{}", random_text(16)?),
            name: draft.name,
            secrets: vec![secret(&text)],
            team: draft.team,
            user: draft.user,
            created: self.now,
            expires: draft.expires,
            revoked: None,
            scopes: draft.scopes,
            priority: draft.priority,
            tags: draft.tags,
            limits: draft.limits,
        };
        let json = json_of(&key)?;
        let made: Result<(), Refusal> = self.store.change(KEY, &key.id, |_| Ok(Some(json))).await?;
        made?;
        Ok((key, text))
    }

    /// Gives a key another text. The one it had stays good for `grace`; older ones end now.
    ///
    /// # Errors
    ///
    /// [`Refusal`].
    pub async fn rotate_key(
        &mut self,
        id: &str,
        grace: Duration,
    ) -> Result<(Key, NewSecret), Refusal> {
        let text = NewSecret::new()?;
        let now = self.now;
        let until = SignedDuration::try_from(grace)
            .ok()
            .and_then(|grace| now.checked_add(grace).ok())
            .ok_or_else(|| invalid("grace", "grace is too long. Give less, such as 24h."))?;
        let key = self
            .change_key(id, |key| {
                if key.revoked.is_some() {
                    return Err(Refusal::Conflict(format!(
                        "the key {id:?} is revoked, and stays so. Create another."
                    )));
                }
                key.secrets.truncate(1);
                for old in &mut key.secrets {
                    old.until = Some(until);
                }
                key.secrets
                    .retain(|old| old.until.is_none_or(|until| until > now));
                key.secrets.insert(0, secret(&text));
                Ok(())
            })
            .await?;
        Ok((key, text))
    }

    /// Takes a key back for ever.
    ///
    /// # Errors
    ///
    /// [`Refusal`].
    pub async fn revoke_key(&mut self, id: &str) -> Result<Key, Refusal> {
        let now = self.now;
        self.change_key(id, |key| {
            key.revoked.get_or_insert(now);
            Ok(())
        })
        .await
    }

    /// Changes what is said of a key: `patch` holds what is to change, with `null` for what is to go (RFC 7396).
    ///
    /// # Errors
    ///
    /// [`Refusal`].
    pub async fn update_key(&mut self, id: &str, patch: &Value) -> Result<Key, Refusal> {
        let key = self.key(id).await?;
        let said = KeyDraft {
            name: key.name,
            team: key.team,
            user: key.user,
            expires: key.expires,
            scopes: key.scopes,
            priority: key.priority,
            tags: key.tags,
            limits: key.limits,
        };
        let draft: KeyDraft = patched(&said, patch)?;
        self.check_key(&draft).await?;
        self.change_key(id, |key| {
            let KeyDraft {
                name,
                team,
                user,
                expires,
                scopes,
                priority,
                tags,
                limits,
            } = draft;
            *key = Key {
                name,
                team,
                user,
                expires,
                scopes,
                priority,
                tags,
                limits,
                ..key.clone()
            };
            Ok(())
        })
        .await
    }

    /// The key of this id, or the only one of this name.
    ///
    /// # Errors
    ///
    /// [`Refusal`].
    pub async fn key(&mut self, id: &str) -> Result<Key, Refusal> {
        let mut keys = self.keys().await?;
        if let Some(place) = keys.iter().position(|key| key.id == id) {
            return Ok(keys.swap_remove(place));
        }
        keys.retain(|key| key.name == id);
        match (keys.pop(), keys.is_empty()) {
            (Some(key), true) => Ok(key),
            (Some(_), false) => Err(Refusal::Conflict(format!(
                "several keys are called {id:?}. Give an id, as the list shows them."
            ))),
            (None, _) => Err(missing("key", id)),
        }
    }

    /// All keys, the oldest first.
    ///
    /// # Errors
    ///
    /// [`Refusal`].
    pub async fn keys(&mut self) -> Result<Vec<Key>, Refusal> {
        let mut keys: Vec<Key> = self.all(KEY).await?;
        keys.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
        Ok(keys)
    }

    async fn all<T: for<'de> Deserialize<'de>>(&mut self, kind: &str) -> Result<Vec<T>, Refusal> {
        let changes = self.store.changes(0).await?;
        let documents = changes.iter().filter(|change| change.kind == kind);
        let read = documents.filter_map(|change| Some((change, change.json.as_deref()?)));
        read.map(|(change, json)| {
            serde_json::from_str(json)
                .map_err(|error| Refusal::Conflict(format!("{kind} {}: {error}", change.id)))
        })
        .collect()
    }

    async fn change_key(
        &mut self,
        id: &str,
        change: impl FnOnce(&mut Key) -> Result<(), Refusal>,
    ) -> Result<Key, Refusal> {
        let id = self.key(id).await?.id;
        let mut changed = None;
        self.store
            .change(KEY, &id, |found| {
                let mut key: Key = read(found, "key", &id)?;
                change(&mut key)?;
                let json = json_of(&key)?;
                changed = Some(key);
                Ok::<_, Refusal>(Some(json))
            })
            .await??;
        changed.ok_or_else(|| missing("key", &id))
    }

    async fn check_key(&mut self, draft: &KeyDraft) -> Result<(), Refusal> {
        let texts = [
            ("name", Some(&draft.name)),
            ("team", draft.team.as_ref()),
            ("user", draft.user.as_ref()),
        ];
        for (field, text) in texts {
            if text.is_some_and(|text| !is_text(text)) {
                return Err(invalid(
                    field,
                    format!("{field} has more than {MAX_TEXT} characters, or a control character."),
                ));
            }
        }
        check(&draft.tags, &draft.limits)?;
        let scopes = &draft.scopes;
        let lists = [
            scopes.models.len(),
            scopes.providers.len(),
            scopes.endpoints.len(),
            scopes.addresses.len(),
        ];
        if lists.iter().any(|length| *length > MAX_SCOPES) {
            return Err(invalid(
                "scopes",
                format!("a list has more than {MAX_SCOPES} items. Use patterns such as openai/*."),
            ));
        }
        let Some(team) = &draft.team else {
            return Ok(());
        };
        let teams = self.teams().await?;
        if teams.iter().any(|known| known.name == *team) {
            return Ok(());
        }
        Err(invalid(
            "team",
            format!("there is no team {team:?}. Create it first: modelport teams create {team}"),
        ))
    }
}

fn missing(kind: &'static str, id: &str) -> Refusal {
    let id = id.to_owned();
    Refusal::Missing { kind, id }
}

fn secret(text: &NewSecret) -> Secret {
    Secret {
        digest: Digest::of(text.expose()),
        prefix: text.prefix(),
        until: None,
    }
}

fn json_of(value: &impl Serialize) -> Result<String, Refusal> {
    serde_json::to_string(value).map_err(|error| Refusal::Conflict(error.to_string()))
}

fn read<T: for<'de> Deserialize<'de>>(
    found: Option<String>,
    kind: &'static str,
    id: &str,
) -> Result<T, Refusal> {
    let json = found.ok_or_else(|| missing(kind, id))?;
    serde_json::from_str(&json).map_err(|error| Refusal::Conflict(format!("{kind} {id}: {error}")))
}

fn is_text(text: &str) -> bool {
    text.chars().count() <= MAX_TEXT && !text.chars().any(char::is_control)
}

fn check(tags: &BTreeMap<String, String>, limits: &Limits) -> Result<(), Refusal> {
    let texts = || tags.iter().flat_map(|(name, value)| [name, value]);
    if tags.len() > MAX_TAGS || texts().map(String::len).sum::<usize>() > MAX_TAGS_TEXT {
        return Err(invalid(
            "tags",
            format!(
                "there are more than {MAX_TAGS} tags, or more than {MAX_TAGS_TEXT} bytes of them."
            ),
        ));
    }
    let mut texts = texts();
    if tags.contains_key("") || !texts.all(|text| is_text(text)) {
        return Err(invalid(
            "tags",
            format!(
                "a tag has a name, and up to {MAX_TEXT} characters in name and value, none of them a control character."
            ),
        ));
    }
    match limits.fault() {
        Some(fault) => Err(invalid("limits", fault)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    pub(super) async fn with_book<T>(work: impl AsyncFnOnce(Book<'_>) -> T) -> T {
        let mut store = Store::in_memory().await.unwrap();
        work(Book::new(
            &mut store,
            "2026-11-01T00:00:00Z".parse().unwrap(),
        ))
        .await
    }

    pub(super) fn named(name: &str) -> KeyDraft {
        KeyDraft {
            name: name.to_owned(),
            ..KeyDraft::default()
        }
    }

    #[tokio::test]
    async fn a_key_lives_through_its_life() {
        with_book(async |mut book| {
            let (key, text) = book.create_key(named("ada")).await.unwrap();
            assert_eq!(key.secrets[0].digest, Digest::of(text.expose()));
            let json = serde_json::to_string(&key).unwrap();
            assert!(!json.contains(text.expose()), "the text itself is not kept");
            let day = Duration::from_hours(24);
            let (rotated, other) = book.rotate_key("ada", day).await.unwrap();
            assert_ne!(other.expose(), text.expose());
            assert_eq!(rotated.secrets.len(), 2);
            assert_eq!(
                rotated.secrets[1].until,
                Some("2026-11-02T00:00:00Z".parse().unwrap())
            );
            let (rotated, _) = book.rotate_key(&key.id, Duration::ZERO).await.unwrap();
            assert_eq!(rotated.secrets.len(), 1, "without grace the old one ends");
            let revoked = book.revoke_key("ada").await.unwrap();
            assert!(revoked.revoked.is_some());
            assert!(matches!(
                book.rotate_key("ada", day).await,
                Err(Refusal::Conflict(_))
            ));
            assert!(matches!(
                book.revoke_key("eve").await,
                Err(Refusal::Missing { .. })
            ));
        })
        .await;
    }

    #[tokio::test]
    async fn a_patch_changes_what_it_names() {
        with_book(async |mut book| {
            let draft = KeyDraft {
                user: Some("ada".to_owned()),
                ..named("one")
            };
            book.create_key(draft).await.unwrap();
            let patch =
                json!({"user": null, "limits": {"requests_per_minute": 5}, "priority": "low"});
            let key = book.update_key("one", &patch).await.unwrap();
            assert_eq!((key.user, key.name.as_str()), (None, "one"));
            assert_eq!(key.priority, Priority::Low);
            let usual = book.update_key("one", &json!({"priority": null})).await;
            assert_eq!(usual.unwrap().priority, Priority::Normal);
            let wrong = book.update_key("one", &json!({"priority": "urgent"})).await;
            let wrong = wrong.unwrap_err().to_string();
            assert!(
                wrong.contains("expected one of `low`, `normal`, `high`"),
                "{wrong}"
            );
            assert_eq!(key.limits.requests_per_minute, Some(5));
            let wrong = book.update_key("one", &json!({"limit": 5})).await;
            assert!(
                wrong
                    .unwrap_err()
                    .to_string()
                    .contains("unknown field `limit`")
            );
            let zero = json!({"limits": {"requests_per_minute": 0}});
            let zero = book.update_key("one", &zero).await.unwrap_err();
            assert!(matches!(
                zero,
                Refusal::Invalid {
                    field: "limits",
                    ..
                }
            ));
        })
        .await;
    }
}
