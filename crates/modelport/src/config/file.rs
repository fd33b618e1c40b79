//! The configuration file: one more source of the settings that the environment has, under friendlier names, and the
//! only one of routes, aliases and several keys of a provider. What a setting's value means is not decided here.

mod aliases;
mod document;
mod keys;
mod limit;
mod provider;
mod reader;
mod reference;
mod route;
mod schema;
mod tree;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

pub use self::document::document;
pub(super) use self::keys::of_field;
pub(super) use self::provider::Entry;
use self::reader::{Fields, Reader};
pub use self::schema::{schema, schema_text};
use self::tree::Node;
use super::environment::{Defaults, Environment};
use super::fault::{Fault, Warning};
use super::limits::LimitConfig;
use super::providers::ProviderConfig;
use super::routes::{self, RouteConfig};
use super::value;

/// A configuration file as it was read. It may hold secrets, so it cannot be printed.
pub struct FileText {
    /// Its path; references to other files start from its folder.
    pub path: PathBuf,
    /// What is in it.
    pub text: String,
    /// Who may read it.
    pub readers: Readers,
}

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// Its owner, perhaps a group.
    Few,
    /// Everybody on the machine.
    Everybody,
}

/// What a configuration file says beside the settings that the environment has too.
pub(super) struct Filed {
    tree: Node,
    reader: Reader,
    /// The providers that it names, in its order.
    pub(super) providers: Vec<Entry>,
    /// The share of retries of routes that do not say.
    pub(super) retry_share: u32,
}

/// Reads a file's settings into the environment, below what that has already; what is wrong is among its faults.
/// `None` if the file is no TOML, so that nothing else can be said.
pub(super) fn read(file: &FileText, environment: &mut Environment) -> Option<Filed> {
    let tree = match tree::read(&file.path, &file.text) {
        Ok(tree) => tree,
        Err(faults) => {
            environment.faults.extend(faults);
            return None;
        }
    };
    let variables = std::mem::take(&mut environment.variables);
    let folder = file.path.parent().unwrap_or(Path::new(""));
    let mut reader = Reader::new(variables, folder);
    let mut providers = Vec::new();
    let mut retry_share = routes::RETRY_SHARE;
    if let Some(top) = reader.block(&tree, &keys::TOP) {
        reader.settings(environment, &top, "");
        let plain = [
            ("server", &keys::SERVER),
            ("storage", &keys::STORAGE),
            ("cache", &keys::CACHE),
            ("traces", &keys::TRACES),
        ];
        for (name, block) in plain {
            if let Some(fields) = reader.block_of(&top, name, block) {
                reader.settings(environment, &fields, "");
            }
        }
        if let Some(fields) = reader.block_of(&top, "defaults", &keys::DEFAULTS) {
            reader.settings(environment, &fields, "");
            environment.defaults = defaults(&mut reader, &fields);
            let share = reader.value(&fields, "retry_share", reader::whole);
            retry_share = share.unwrap_or(retry_share);
        }
        providers = provider::read(&mut reader, environment, top.get("providers"));
    }
    if file.readers == Readers::Everybody {
        environment.warnings.extend(reader.literal_key(&file.path));
    }
    reader.tell(environment);
    Some(Filed {
        tree,
        reader,
        providers,
        retry_share,
    })
}

fn defaults(reader: &mut Reader, fields: &Fields<'_>) -> Defaults {
    Defaults {
        timeout: reader.found(fields, "timeout", value::seconds),
        max_retries: reader.found(fields, "max_retries", value::retries),
        parameters: reader.found(fields, "parameters", value::policy),
    }
}

impl Filed {
    /// The routes, aliases and limits, whose targets must be among these providers; what is wrong is among the environment's
    /// faults.
    pub(super) fn routes(
        mut self,
        environment: &mut Environment,
        providers: &[ProviderConfig],
    ) -> (Vec<RouteConfig>, HashMap<String, String>, Vec<LimitConfig>) {
        let top = Fields::of(&self.tree);
        let reader = &mut self.reader;
        let routes = route::read(reader, top.get("routes"), providers, self.retry_share);
        let aliases = aliases::read(reader, top.get("aliases"), providers, &routes);
        let limits = limit::read(reader, top.get("limits"), providers);
        let unreached = route::unreached(&self.providers, providers, &routes, &aliases);
        environment.warnings.extend(unreached);
        self.reader.tell(environment);
        (routes, aliases, limits)
    }
}

/// A warning about a key.
fn warning(origin: &super::fault::Origin, text: String) -> Warning {
    Warning {
        origin: origin.clone(),
        text,
    }
}

/// A fault of a key.
fn fault(
    origin: &super::fault::Origin,
    problem: impl Into<String>,
    remedy: impl Into<String>,
) -> Fault {
    Fault {
        origin: origin.clone(),
        problem: problem.into(),
        remedy: remedy.into(),
    }
}
