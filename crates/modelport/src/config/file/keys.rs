//! The table of the configuration file's keys: each one's name, shape and meaning, written once. Keys that are settings
//! take their help from the table of settings. The reader, the schema and the documentation are made from it.

mod table;
mod traces;

use super::super::setting::{self, Preset};
pub(super) use table::{
    API_KEY, CACHE, CONDITION, DEFAULTS, GROUP, HEDGE, LIMIT, PROVIDER, ROUTE, SERVER, STORAGE,
    TARGET, TOP,
};
pub(super) use traces::TRACES;

/// The keys that may stand together in one table of the file.
pub(super) struct Block {
    /// What it is called, in documentation and schema.
    pub(super) name: &'static str,
    /// What it is for.
    pub(super) help: &'static str,
    pub(super) keys: &'static [Key],
}

/// One key.
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) sets: Sets,
    help: Option<&'static str>,
    preset: Option<&'static str>,
    pub(super) is_required: bool,
}

/// Which setting of the environment a key is another spelling of.
#[derive(Clone, Copy)]
pub(super) enum Sets {
    /// The variable of this name.
    Variable(&'static str),
    /// The variable of its provider that ends so.
    Field(&'static str),
    /// None: only the file has it.
    Nothing,
}

/// What a value looks like.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    Text,
    /// The path of a file, from the configuration file's folder.
    Path,
    /// The name of a known provider, or a path.
    Profile,
    /// A key, or a reference to one.
    Secret,
    /// Keys, or references to them.
    Secrets,
    /// A provider's keys, each perhaps with its share.
    Keys,
    Seconds,
    /// A whole number, with the most that it may be.
    Whole {
        least: u32,
        most: u32,
    },
    Switch,
    /// Bytes, or text with a unit.
    Bytes,
    /// A share, or text in percents.
    Share,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Texts, as a list or separated by commas.
    Texts,
    /// Words of a closed set, as a list.
    Words(fn() -> Vec<&'static str>),
    /// A table of strings that may hold secrets.
    Headers,
    /// A table of strings.
    Strings,
    /// A table with these keys.
    Table(&'static Block),
    /// A list of such tables.
    Tables(&'static Block),
    /// A list of targets, each a text or such a table.
    Targets(&'static Block),
    /// true, false or such a table.
    SwitchOr(&'static Block),
}

impl Key {
    const fn own(name: &'static str, shape: Shape, help: &'static str) -> Self {
        Self {
            name,
            shape,
            sets: Sets::Nothing,
            help: Some(help),
            preset: Some(""),
            is_required: false,
        }
    }

    const fn variable(name: &'static str, shape: Shape, variable: &'static str) -> Self {
        Self {
            sets: Sets::Variable(variable),
            help: None,
            preset: None,
            ..Self::own(name, shape, "")
        }
    }

    const fn field(name: &'static str, shape: Shape, field: &'static str) -> Self {
        Self {
            sets: Sets::Field(field),
            help: None,
            preset: None,
            ..Self::own(name, shape, "")
        }
    }

    /// With help of its own.
    const fn help_is(self, help: &'static str) -> Self {
        Self {
            help: Some(help),
            ..self
        }
    }

    /// With what holds when it is not set; empty for nothing.
    const fn preset_is(self, preset: &'static str) -> Self {
        Self {
            preset: Some(preset),
            ..self
        }
    }

    const fn required(self) -> Self {
        Self {
            is_required: true,
            ..self
        }
    }

    /// What it does.
    pub(super) fn help(&self) -> &'static str {
        self.help.unwrap_or_else(|| {
            let setting = self.setting();
            setting.map_or("", |setting| setting.help)
        })
    }

    /// What holds when it is not set; `None` for nothing, or for what is found out.
    pub(super) fn preset(&self) -> Option<&'static str> {
        let preset = self.preset.or_else(|| match self.setting()?.preset {
            Preset::Value(text) => Some(text),
            Preset::Unset { .. } => None,
        });
        preset.filter(|text| !text.is_empty())
    }

    /// The variable that it is another spelling of.
    pub(super) fn setting(&self) -> Option<&'static setting::Setting> {
        let by_name = |name: &str| setting::all().find(|setting| setting.name == name);
        match self.sets {
            Sets::Variable(name) => by_name(name),
            Sets::Field(field) => by_name(&format!("{}{field}", setting::GENERIC_PREFIX))
                .or_else(|| by_name(&format!("{}{field}", setting::OLLAMA_PREFIX))),
            Sets::Nothing => None,
        }
    }
}

impl Shape {
    /// What is wanted, as in "Use … .".
    pub(super) fn words(self) -> String {
        match self {
            Self::Text | Self::Path | Self::Profile | Self::Secret => "text in quotes".to_owned(),
            Self::Secrets | Self::Texts => "text in quotes, or a list of such".to_owned(),
            Self::Keys => "a list of texts, or of { key = \"…\", weight = 2 }".to_owned(),
            Self::Seconds => "a number of seconds without quotes, such as 30 or 2.5".to_owned(),
            Self::Whole { least, most } => {
                format!("a whole number from {least} to {most}, without quotes")
            }
            Self::Switch => "true or false, without quotes".to_owned(),
            Self::Bytes => "a number of bytes, or text such as \"64 MiB\"".to_owned(),
            Self::Share => "a share such as 0.15, or percents in quotes such as \"15%\"".to_owned(),
            Self::Choice(words) => format!("one of {}, in quotes", words.join(", ")),
            Self::Words(words) => format!("a list of words from {}", words().join(", ")),
            Self::Headers => "a table of texts such as { x-title = \"modelport\" }".to_owned(),
            Self::Strings => "a table of texts".to_owned(),
            Self::Table(block) => format!("a table with keys from {}", names(block)),
            Self::Tables(block) => format!("a list of tables, each below [[{}]]", block.name),
            Self::Targets(_) => {
                "a list of texts such as \"provider:model\", or of { target = \"…\", weight = 3 }"
                    .to_owned()
            }
            Self::SwitchOr(block) => {
                format!("true, false or a table with keys from {}", names(block))
            }
        }
    }

    /// Whether its values, or parts of them, may be secret and so are never shown.
    pub(super) fn is_secret(self) -> bool {
        matches!(
            self,
            Self::Secret | Self::Secrets | Self::Keys | Self::Headers
        )
    }
}

fn names(block: &Block) -> String {
    let names: Vec<&str> = block.keys.iter().map(|key| key.name).collect();
    names.join(", ")
}

/// The key of a provider's table that says what its variable with this ending says.
pub(in crate::config) fn of_field(field: &str) -> &'static str {
    let mut keys = PROVIDER.keys.iter();
    let found = keys.find(|key| matches!(key.sets, Sets::Field(known) if known == field));
    found.map_or("", |key| key.name)
}
