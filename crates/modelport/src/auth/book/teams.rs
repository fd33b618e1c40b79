//! What can be done to teams.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{Book, MAX_TEXT, Refusal, check, invalid, is_text, json_of, missing, patched, read};
use crate::{
    auth::key::{TEAM, Team},
    config::{limits::Limits, object},
};

/// What is said of a team when it is made or changed.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TeamDraft {
    /// What is kept with each request of its keys.
    pub tags: BTreeMap<String, String>,
    /// How much all its keys may use together.
    #[serde(deserialize_with = "object::only")]
    pub limits: Limits,
}

impl Book<'_> {
    /// Makes a team.
    ///
    /// # Errors
    ///
    /// [`Refusal`].
    pub async fn create_team(&mut self, name: &str, draft: TeamDraft) -> Result<Team, Refusal> {
        if name.is_empty() || !is_text(name) {
            return Err(invalid(
                "name",
                format!(
                    "a team's name has 1 to {MAX_TEXT} characters, none of them a control character."
                ),
            ));
        }
        check(&draft.tags, &draft.limits)?;
        let team = Team {
            name: name.to_owned(),
            created: self.now,
            tags: draft.tags,
            limits: draft.limits,
        };
        let json = json_of(&team)?;
        self.store
            .change(TEAM, name, |found| match found {
                None => Ok(Some(json)),
                Some(_) => Err(Refusal::Conflict(format!(
                    "there is a team {name:?} already. Change that, or choose another name."
                ))),
            })
            .await??;
        Ok(team)
    }

    /// Changes what is said of a team, as [`Book::update_key`] does.
    ///
    /// # Errors
    ///
    /// [`Refusal`].
    pub async fn update_team(&mut self, name: &str, patch: &Value) -> Result<Team, Refusal> {
        let mut changed = None;
        self.store
            .change(TEAM, name, |found| {
                let team: Team = read(found, "team", name)?;
                let said = TeamDraft {
                    tags: team.tags,
                    limits: team.limits,
                };
                let draft: TeamDraft = patched(&said, patch)?;
                check(&draft.tags, &draft.limits)?;
                let team = Team {
                    name: team.name,
                    created: team.created,
                    tags: draft.tags,
                    limits: draft.limits,
                };
                let json = json_of(&team)?;
                changed = Some(team);
                Ok::<_, Refusal>(Some(json))
            })
            .await??;
        changed.ok_or_else(|| missing("team", name))
    }

    /// Does away with a team that no key is in.
    ///
    /// # Errors
    ///
    /// [`Refusal`].
    pub async fn delete_team(&mut self, name: &str) -> Result<(), Refusal> {
        let keys = self.keys().await?;
        let inside = keys
            .iter()
            .find(|key| key.team.as_deref() == Some(name) && key.revoked.is_none());
        if let Some(key) = inside {
            return Err(Refusal::Conflict(format!(
                "the key {} ({:?}) is in the team {name:?}. Revoke it or put it elsewhere first.",
                key.id, key.name
            )));
        }
        self.store
            .change(TEAM, name, |found| match found {
                Some(_) => Ok(None),
                None => Err(missing("team", name)),
            })
            .await?
    }

    /// All teams, by name.
    ///
    /// # Errors
    ///
    /// [`Refusal`].
    pub async fn teams(&mut self) -> Result<Vec<Team>, Refusal> {
        let mut teams: Vec<Team> = self.all(TEAM).await?;
        teams.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(teams)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{
        KeyDraft,
        tests::{named, with_book},
    };
    use super::*;

    #[tokio::test]
    async fn teams_are_there_before_their_keys() {
        with_book(async |mut book| {
            let draft = KeyDraft {
                team: Some("red".to_owned()),
                ..named("one")
            };
            let refused = book.create_key(draft.clone()).await;
            assert!(matches!(
                refused,
                Err(Refusal::Invalid { field: "team", .. })
            ));
            book.create_team("red", TeamDraft::default()).await.unwrap();
            let again = book.create_team("red", TeamDraft::default()).await;
            assert!(matches!(again, Err(Refusal::Conflict(_))));
            book.create_key(draft).await.unwrap();
            assert!(matches!(
                book.delete_team("red").await,
                Err(Refusal::Conflict(_))
            ));
            book.revoke_key("one").await.unwrap();
            book.delete_team("red").await.unwrap();
            assert!(book.teams().await.unwrap().is_empty());
        })
        .await;
    }
}
