//! `modelport teams`: keys that share limits.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::{
    keys::{tags, with_store},
    limits::{self, LimitOptions},
    say,
    table::{Side, aligned},
};
use crate::{
    auth::{
        book::{Book, Refusal},
        key::Team,
    },
    times::now,
};

/// What to do with teams.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a team
    Create(Create),
    /// List the teams
    List {
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Change what a team may use
    Update(Update),
    /// Do away with a team that no key is in
    Delete {
        /// The team's name
        team: String,
    },
}

/// A team to make.
#[derive(Debug, Args)]
pub struct Create {
    /// What it is called
    name: String,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    limits: LimitOptions,
}

/// What is to change of a team.
#[derive(Debug, Args)]
pub struct Update {
    /// The team's name
    team: String,
    /// What is to go: a limit such as limits.concurrency, or all of limits or tags. Several may be given
    #[arg(long, value_name = "WHAT")]
    clear: Vec<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    limits: LimitOptions,
}

/// Does it and gives the exit status.
pub fn run(file: Option<PathBuf>, command: Command) -> u8 {
    with_store(file, async |store| {
        let mut book = Book::new(store, now());
        match command {
            Command::Create(create) => {
                let mut draft = Map::new();
                create.limits.add_to(&mut draft);
                let draft = serde_json::from_value(Value::Object(draft)).map_err(|error| {
                    Refusal::Invalid {
                        field: "team",
                        message: error.to_string(),
                    }
                })?;
                let team = book.create_team(&create.name, draft).await?;
                say(one(team, create.json));
            }
            Command::List { json } => say(list(&book.teams().await?, json)),
            Command::Update(update) => {
                let mut patch = Map::new();
                update.limits.add_to(&mut patch);
                for path in &update.clear {
                    limits::clear(&mut patch, path);
                }
                let team = book
                    .update_team(&update.team, &Value::Object(patch))
                    .await?;
                say(one(team, update.json));
            }
            Command::Delete { team } => {
                book.delete_team(&team).await?;
                say(format!("The team {team:?} is gone."));
            }
        }
        Ok(())
    })
}

fn one(team: Team, json: bool) -> String {
    if json {
        json!(team).to_string()
    } else {
        list(&[team], false)
    }
}

fn list(teams: &[Team], json: bool) -> String {
    if json {
        return json!({"object": "list", "data": teams}).to_string();
    }
    if teams.is_empty() {
        return "No teams. Make one with: modelport teams create NAME".to_owned();
    }
    let mut rows = vec![
        ["TEAM", "CREATED", "LIMITS", "TAGS"]
            .map(str::to_owned)
            .to_vec(),
    ];
    rows.extend(teams.iter().map(|team| {
        vec![
            team.name.clone(),
            team.created.to_string(),
            limits::shown(&team.limits),
            tags(&team.tags).unwrap_or_else(|| "-".to_owned()),
        ]
    }));
    aligned(&rows, &[Side::Left; 4])
}
