//! The keys and teams that are kept, as requests look them up: built anew with every change, and swapped in.

use std::{
    collections::{BTreeMap, HashMap},
    hash::{BuildHasherDefault, Hasher},
    sync::Arc,
};

use jiff::Timestamp;

use super::{
    key::{KEY, Key, TEAM, Team},
    secret::Digest,
};
use crate::store::document::Change;

/// All keys and teams.
#[derive(Debug, Default)]
pub struct Directory {
    keys: HashMap<String, Arc<Known>>,
    teams: HashMap<String, Arc<Team>>,
    by_digest: HashMap<Digest, Shown, BuildHasherDefault<FirstBytes>>,
    /// The last change that is in it.
    revision: i64,
}

/// A key that is known, with what requests by it need ready to hand.
#[derive(Debug)]
pub struct Known {
    /// The key.
    pub key: Key,
    /// Its id.
    pub id: Arc<str>,
    /// Its team's name.
    pub team: Option<Arc<str>>,
    /// Its tags and its team's.
    pub tags: BTreeMap<String, String>,
    /// The same as a JSON object; `None` without any.
    pub tags_json: Option<Arc<str>>,
    /// A number that tells keys apart.
    pub number: u64,
}

/// One text of a key.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The key.
    pub known: Arc<Known>,
    /// When this text stops being good.
    pub until: Option<Timestamp>,
}

/// A digest is as good as random already.
#[derive(Default)]
struct FirstBytes(u64);

impl Hasher for FirstBytes {
    fn write(&mut self, bytes: &[u8]) {
        if let Some((first, _)) = bytes.split_first_chunk() {
            self.0 = u64::from_ne_bytes(*first);
        }
    }

    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

impl Directory {
    /// This one after some changes, and what could not be read of them.
    pub fn after(&self, changes: &[Change]) -> (Self, Vec<String>) {
        let mut next = Self {
            keys: self.keys.clone(),
            teams: self.teams.clone(),
            by_digest: HashMap::default(),
            revision: self.revision,
        };
        let mut unread = Vec::new();
        let mut read = Vec::new();
        for change in changes {
            next.revision = next.revision.max(change.revision);
            match (change.kind.as_str(), &change.json) {
                (KEY, None) => drop(next.keys.remove(&change.id)),
                (TEAM, None) => drop(next.teams.remove(&change.id)),
                (KEY, Some(json)) => match serde_json::from_str::<Key>(json) {
                    Ok(key) => read.push(key),
                    Err(error) => {
                        // A key that cannot be read must not go on as what it was.
                        next.keys.remove(&change.id);
                        unread.push(format!("key {}: {error}", change.id));
                    }
                },
                (TEAM, Some(json)) => match serde_json::from_str::<Team>(json) {
                    Ok(team) => drop(next.teams.insert(team.name.clone(), Arc::new(team))),
                    Err(error) => unread.push(format!("team {}: {error}", change.id)),
                },
                _ => {}
            }
        }
        let teams_changed = changes.iter().any(|change| change.kind == TEAM);
        if teams_changed {
            let others = next.keys.values().filter(|known| {
                known.team.is_some() && read.iter().all(|key: &Key| *key.id != *known.id)
            });
            let others: Vec<Key> = others.map(|known| known.key.clone()).collect();
            read.extend(others);
        }
        for key in read {
            let known = Arc::new(next.known(key));
            next.keys.insert(known.key.id.clone(), known);
        }
        for known in next.keys.values() {
            for secret in &known.key.secrets {
                let shown = Shown {
                    known: Arc::clone(known),
                    until: secret.until,
                };
                next.by_digest.insert(secret.digest, shown);
            }
        }
        (next, unread)
    }

    fn known(&self, key: Key) -> Known {
        let team = key.team.as_ref().and_then(|team| self.teams.get(team));
        let mut tags = team.map(|team| team.tags.clone()).unwrap_or_default();
        tags.extend(key.tags.clone());
        let json = (!tags.is_empty()).then(|| serde_json::to_string(&tags).ok());
        let Digest(bytes) = Digest::of(&key.id);
        let (first, _) = bytes.split_first_chunk().unwrap_or((&[0; 8], &[]));
        Known {
            id: Arc::from(key.id.as_str()),
            team: key.team.as_deref().map(Arc::from),
            tags_json: json.flatten().map(Arc::from),
            tags,
            number: u64::from_ne_bytes(*first),
            key,
        }
    }

    /// The key whose text has this digest.
    pub fn find(&self, digest: &Digest) -> Option<&Shown> {
        self.by_digest.get(digest)
    }

    /// Whether there is no key at all, not even one that was taken back.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Whether it matters to any key where a request comes from.
    pub fn asks_addresses(&self) -> bool {
        let mut keys = self.keys.values();
        keys.any(|known| !known.key.scopes.addresses.is_empty())
    }

    /// The last change that is in it.
    pub fn revision(&self) -> i64 {
        self.revision
    }

    /// All keys, the oldest first.
    pub fn keys(&self) -> Vec<&Known> {
        let mut keys: Vec<&Known> = self.keys.values().map(AsRef::as_ref).collect();
        keys.sort_by(|a, b| (a.key.created, &a.id).cmp(&(b.key.created, &b.id)));
        keys
    }

    /// The key of this id.
    pub fn key(&self, id: &str) -> Option<&Arc<Known>> {
        self.keys.get(id)
    }

    /// All teams, by name.
    pub fn teams(&self) -> Vec<&Team> {
        let mut teams: Vec<&Team> = self.teams.values().map(AsRef::as_ref).collect();
        teams.sort_by(|a, b| a.name.cmp(&b.name));
        teams
    }

    /// The team of this name.
    pub fn team(&self, name: &str) -> Option<&Arc<Team>> {
        self.teams.get(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str, text: &str, team: Option<&str>) -> String {
        let digest = serde_json::to_value(Digest::of(text)).unwrap();
        serde_json::json!({
            "id": id, "name": id, "created": "2026-11-01T00:00:00Z", "team": team,
            "secrets": [{"digest": digest, "prefix": "mp-x"}], "tags": {"own": "1"},
        })
        .to_string()
    }

    fn change(kind: &str, id: &str, json: Option<String>, revision: i64) -> Change {
        Change {
            kind: kind.to_owned(),
            id: id.to_owned(),
            json,
            revision,
        }
    }

    #[test]
    fn changes_are_taken_up_one_after_the_other() {
        let team =
            r#"{"name":"red","created":"2026-11-01T00:00:00Z","tags":{"cost":"42","own":"0"}}"#;
        let (first, unread) = Directory::default().after(&[
            change(KEY, "a", Some(key("a", "mp-a", Some("red"))), 1),
            change(KEY, "b", Some(key("b", "mp-b", None)), 2),
        ]);
        assert!(unread.is_empty() && first.revision() == 2);
        assert_eq!(&*first.find(&Digest::of("mp-a")).unwrap().known.id, "a");
        assert!(first.find(&Digest::of("mp-c")).is_none());
        let (second, _) = first.after(&[change(TEAM, "red", Some(team.to_owned()), 3)]);
        let tags = second.key("a").unwrap().tags_json.clone().unwrap();
        assert_eq!(&*tags, r#"{"cost":"42","own":"1"}"#);
        let (third, unread) = second.after(&[
            change(KEY, "b", None, 4),
            change(KEY, "a", Some("{}".to_owned()), 5),
        ]);
        assert!(third.is_empty() && third.find(&Digest::of("mp-a")).is_none());
        assert_eq!(unread.len(), 1);
    }
}
