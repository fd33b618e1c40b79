//! `modelport keys`: the keys that callers show.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use clap::{Args, Subcommand};
use ipnet::IpNet;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    BAD_CONFIGURATION, FAILED, block_on, complain,
    limits::{self, LimitOptions},
    load, say,
    table::{Side, aligned},
};
use crate::{
    auth::{
        book::{Book, Refusal},
        key::{Key, Standing},
        scope,
        secret::NewSecret,
    },
    config::limits::Priority,
    store::Store,
    times::{length, moment_to_come, now},
};

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a key, and show it: this once, and never again
    Create(Create),
    /// List the keys
    List {
        /// List those that are revoked or expired too
        #[arg(long)]
        all: bool,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Show what is known of a key
    Show {
        /// The key's id or name
        key: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Change what a key opens or may use
    Update(Update),
    /// Give a key another text, and show it; the one it had stays good for a while
    Rotate {
        /// The key's id or name
        key: String,
        /// For how long the text that it had stays good
        #[arg(long, value_name = "TIME", default_value = "24h", value_parser = length)]
        grace: Duration,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Take a key back, for ever
    Revoke {
        /// The key's id or name
        key: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}

/// A key to make.
#[derive(Debug, Args)]
pub struct Create {
    /// What it is called
    name: String,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    details: Details,
}

/// What is to change of a key.
#[derive(Debug, Args)]
pub struct Update {
    /// The key's id or name
    key: String,
    /// What it is called
    #[arg(long)]
    name: Option<String>,
    /// What is to go: team, user, expires, priority, a limit such as limits.concurrency, or all of scopes, limits or tags. Several may
    /// be given
    #[arg(long, value_name = "WHAT")]
    clear: Vec<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    details: Details,
}

#[derive(Debug, Args)]
struct Details {
    /// The team that it counts for
    #[arg(long)]
    team: Option<String>,
    /// Who uses it
    #[arg(long)]
    user: Option<String>,
    /// When it stops being good: a time from now such as 90d, or a day such as 2027-01-01
    #[arg(long, value_name = "TIME", value_parser = moment_to_come)]
    expires: Option<Timestamp>,
    /// A name that it may ask for, of a model, an alias or a route; * stands for anything. Several may be given
    #[arg(long = "model", value_name = "NAME", help_heading = "Scopes")]
    models: Vec<String>,
    /// A provider that it may reach, by its id. Several may be given
    #[arg(long = "provider", value_name = "ID", help_heading = "Scopes")]
    providers: Vec<String>,
    /// An endpoint that it may call, such as /chat/completions. Several may be given
    #[arg(long = "endpoint", value_name = "PATH", help_heading = "Scopes")]
    endpoints: Vec<String>,
    /// An address or a network that it may be shown from. Several may be given
    #[arg(long = "address", value_name = "ADDRESS", value_parser = scope::network, help_heading = "Scopes")]
    addresses: Vec<IpNet>,
    /// How its requests stand to those of others where they wait for a place at a provider; normal unless said
    #[arg(long, help_heading = "Limits")]
    priority: Option<Priority>,
    #[command(flatten)]
    limits: LimitOptions,
}

impl Details {
    /// What was given, as a patch.
    fn patch(&self) -> Map<String, Value> {
        let mut patch = Map::new();
        let texts = [("team", &self.team), ("user", &self.user)];
        for (name, text) in texts {
            if let Some(text) = text {
                patch.insert(name.to_owned(), json!(text));
            }
        }
        if let Some(expires) = self.expires {
            patch.insert("expires".to_owned(), json!(expires));
        }
        if let Some(priority) = self.priority {
            patch.insert("priority".to_owned(), json!(priority));
        }
        let addresses: Vec<String> = self.addresses.iter().map(ToString::to_string).collect();
        let lists = [
            ("models", &self.models),
            ("providers", &self.providers),
            ("endpoints", &self.endpoints),
            ("addresses", &addresses),
        ];
        let given = lists.iter().filter(|(_, list)| !list.is_empty());
        let scopes: Map<String, Value> = given
            .map(|(name, list)| ((*name).to_owned(), json!(list)))
            .collect();
        if !scopes.is_empty() {
            patch.insert("scopes".to_owned(), Value::Object(scopes));
        }
        self.limits.add_to(&mut patch);
        patch
    }
}

/// Does it and gives the exit status.
pub fn run(file: Option<PathBuf>, command: Command) -> u8 {
    with_store(file, async |store| {
        let mut book = Book::new(store, now());
        match command {
            Command::Create(create) => {
                let mut draft = create.details.patch();
                draft.insert("name".to_owned(), json!(create.name));
                let draft = serde_json::from_value(Value::Object(draft)).map_err(|error| {
                    Refusal::Invalid {
                        field: "key",
                        message: error.to_string(),
                    }
                })?;
                let (key, text) = book.create_key(draft).await?;
                say(made(&key, &text, create.json));
            }
            Command::List { all, json } => {
                let mut keys = book.keys().await?;
                keys.retain(|key| all || key.standing(now()) == Standing::Active);
                say(list(&keys, json));
            }
            Command::Show { key, json } => say(shown(&book.key(&key).await?, json)),
            Command::Update(update) => {
                let mut patch = update.details.patch();
                if let Some(name) = &update.name {
                    patch.insert("name".to_owned(), json!(name));
                }
                for path in &update.clear {
                    limits::clear(&mut patch, path);
                }
                if patch.is_empty() {
                    return Err(Refusal::Conflict(
                        "nothing is to change. Say what, as `modelport keys update --help` shows."
                            .to_owned(),
                    ));
                }
                let key = book.update_key(&update.key, &Value::Object(patch)).await?;
                say(shown(&key, update.json));
            }
            Command::Rotate { key, grace, json } => {
                let (key, text) = book.rotate_key(&key, grace).await?;
                say(made(&key, &text, json));
            }
            Command::Revoke { key, json } => {
                let key = book.revoke_key(&key).await?;
                say(if json {
                    shown(&key, json)
                } else {
                    format!(
                        "The key {} ({}) is revoked. Gateways refuse it within a second.",
                        key.id, key.name
                    )
                });
            }
        }
        Ok(())
    })
}

/// Works on the database of the configuration and gives the exit status.
pub(super) fn with_store(
    file: Option<PathBuf>,
    work: impl AsyncFnOnce(&mut Store) -> Result<(), Refusal>,
) -> u8 {
    let Some(config) = load(file) else {
        return BAD_CONFIGURATION;
    };
    let Some(database) = config.storage.database else {
        complain(
            "modelport: there is no database for keys. Set MODELPORT_DATA_DIR or MODELPORT_DATABASE_URL as for the gateway.",
        );
        return BAD_CONFIGURATION;
    };
    block_on(async {
        let done = async {
            let mut store = Store::open(&database).await?;
            work(&mut store).await
        };
        match done.await {
            Ok(()) => 0,
            Err(Refusal::Store(fault)) => {
                complain(format!("modelport: {database}: {fault}"));
                FAILED
            }
            Err(refusal) => {
                complain(format!("modelport: {refusal}"));
                FAILED
            }
        }
    })
}

fn made(key: &Key, text: &NewSecret, json: bool) -> String {
    if json {
        let mut json = json!(key.shown(now()));
        json["key"] = json!(text.expose());
        return json.to_string();
    }
    let mut lines = vec![
        text.expose().to_owned(),
        String::new(),
        format!(
            "This is the key {} ({}). It is shown this once and kept nowhere.",
            key.id, key.name
        ),
    ];
    if let Some(until) = key.secrets.get(1).and_then(|old| old.until) {
        lines.push(format!("The one before it stays good until {until}."));
    }
    lines.join("\n")
}

fn list(keys: &[Key], json: bool) -> String {
    let now = now();
    if json {
        let data: Vec<Value> = keys.iter().map(|key| json!(key.shown(now))).collect();
        return json!({"object": "list", "data": data}).to_string();
    }
    if keys.is_empty() {
        return "No keys. Make one with: modelport keys create NAME".to_owned();
    }
    let heads = [
        "ID", "NAME", "KEY", "TEAM", "USER", "STATUS", "EXPIRES", "PRIORITY", "LIMITS",
    ];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    rows.extend(keys.iter().map(|key| {
        vec![
            key.id.clone(),
            key.name.clone(),
            format!("{}…", key.prefix()),
            or_dash(key.team.clone()),
            or_dash(key.user.clone()),
            key.standing(now).as_str().to_owned(),
            or_dash(key.expires.map(|time| time.to_string())),
            key.priority.as_str().to_owned(),
            limits::shown(&key.limits),
        ]
    }));
    aligned(&rows, &[Side::Left; 9])
}

fn shown(key: &Key, json: bool) -> String {
    if json {
        return json!(key.shown(now())).to_string();
    }
    let or = |list: Vec<String>, none: &str| {
        if list.is_empty() {
            none.to_owned()
        } else {
            list.join(", ")
        }
    };
    let scopes = &key.scopes;
    let models = scopes.models.iter().map(|model| model.0.clone()).collect();
    let addresses = scopes.addresses.iter().map(ToString::to_string).collect();
    let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
    let mut lines = vec![
        ("id", Some(key.id.clone())),
        ("name", Some(key.name.clone())),
        ("key", Some(format!("{}…", key.prefix()))),
        ("status", Some(key.standing(now()).as_str().to_owned())),
        ("team", key.team.clone()),
        ("user", key.user.clone()),
        ("created", Some(key.created.to_string())),
        ("expires", time(key.expires)),
        ("revoked", time(key.revoked)),
        ("models", Some(or(models, "any"))),
        ("providers", Some(or(scopes.providers.clone(), "any"))),
        ("endpoints", Some(or(scopes.endpoints.clone(), "any"))),
        ("addresses", Some(or(addresses, "any"))),
        ("priority", Some(key.priority.as_str().to_owned())),
        ("limits", Some(limits::shown(&key.limits))),
        ("tags", tags(&key.tags)),
    ];
    let replaced = key.secrets.iter().skip(1);
    lines.extend(replaced.map(|old| {
        let until = time(old.until).unwrap_or_default();
        (
            "replaced",
            Some(format!("{}… stays good until {until}", old.prefix)),
        )
    }));
    let rows: Vec<Vec<String>> = lines
        .into_iter()
        .filter_map(|(name, value)| Some(vec![name.to_owned(), value?]))
        .collect();
    aligned(&rows, &[Side::Left; 2])
}

/// Tags in a line; nothing without any.
pub(super) fn tags(tags: &BTreeMap<String, String>) -> Option<String> {
    let pairs: Vec<String> = tags
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    (!pairs.is_empty()).then(|| pairs.join(", "))
}
