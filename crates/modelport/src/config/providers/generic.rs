//! OpenAI-compatible providers: the one of the plain variables, the older group's, further instances, and those that
//! only the configuration file can name.

use modelport_provider::profiles;

use super::draft::{Draft, older_name};
use super::group::Group;
use super::older::{self, Relation};
use super::{GENERIC_ID, OLDER_ID};
use crate::config::environment::Environment;
use crate::config::fault::Fault;
use crate::config::file::Entry;
use crate::config::setting::{GENERIC_PREFIX, field};
use crate::config::value;

/// The generic provider, and the older group's if it is another.
pub(super) fn both(environment: &mut Environment, new: Group, older: Group) -> Vec<Draft> {
    let relation = match &older.home {
        // The configuration file names it as a provider of its own.
        Some(_) => Relation::Two,
        None => older::relation(&new, &older),
    };
    match relation {
        Relation::New => vec![Draft::generic(GENERIC_ID, new)],
        Relation::Older => vec![Draft {
            naming: older_name,
            ..Draft::generic(GENERIC_ID, older)
        }],
        Relation::One => {
            let (merged, ignored) = older::merge(new, older);
            environment.warnings.extend(older::warning(&ignored));
            vec![Draft::generic(GENERIC_ID, merged)]
        }
        Relation::Two | Relation::Misdirected | Relation::Downgraded => {
            if !new.is_broken && !older.is_broken {
                environment
                    .faults
                    .extend(older::fault(&new, &older, relation));
            }
            vec![
                Draft::generic(GENERIC_ID, new),
                Draft {
                    naming: older_name,
                    ..Draft::generic(OLDER_ID, older)
                },
            ]
        }
    }
}

/// A further instance. Its base URL must be set, unless the suffix names a provider that is known to all.
pub(super) fn instance(environment: &mut Environment, suffix: &str) -> Option<Draft> {
    let group = Group::read(
        environment,
        &[&format!("{GENERIC_PREFIX}{suffix}_")],
        value::base_url,
    );
    let id = format!("{GENERIC_ID}_{}", suffix.to_ascii_lowercase());
    let known = profiles::by_slug(suffix).and_then(|profile| profile.base_url);
    if known.is_none() && group.base_url.is_none() {
        if !group.is_broken {
            environment.faults.push(no_base_url(&group));
        }
        // Without a word in the configuration file, nothing else speaks of it.
        group.home.as_ref()?;
    }
    Some(Draft {
        base_url: known.unwrap_or(ANY_ADDRESS).to_owned(),
        default_model: None,
        ..Draft::generic(&id, group)
    })
}

/// After a fault, any address will do to go on and find others.
const ANY_ADDRESS: &str = "http://localhost";

/// What is said of a provider that leads nowhere.
fn no_base_url(group: &Group) -> Fault {
    let origin = group.place(field::BASE_URL);
    let (problem, remedy) = match &group.home {
        Some(_) => (
            "it is not set, and neither id nor profile is a provider whose address is known"
                .to_owned(),
            "Add base_url = \"https://…/v1\".",
        ),
        None => (
            format!("it is not set, but other {}* variables are", group.prefix),
            "Set it to the address of that provider, or remove the others.",
        ),
    };
    Fault {
        origin,
        problem,
        remedy: remedy.to_owned(),
    }
}

/// One that only the configuration file can name.
pub(super) fn own(environment: &mut Environment, entry: &Entry) -> Draft {
    let group = Group::read(environment, &[&entry.prefix], value::base_url);
    let by_id = profiles::by_slug(&entry.id).and_then(|profile| profile.base_url);
    let known = by_id.or_else(|| group.hints.profile?.base_url);
    if known.is_none() && group.base_url.is_none() && !group.is_broken {
        environment.faults.push(no_base_url(&group));
    }
    Draft {
        base_url: known.unwrap_or(ANY_ADDRESS).to_owned(),
        default_model: None,
        ..Draft::generic(&entry.id, group)
    }
}
