//! The older group of variables, `OPENROUTER_*`, beside the new one: whether the two describe one provider or two,
//! and the rule that a key never goes to a host that it was not given for. It decides and merges; it reads nothing.

use modelport_provider::base_url::BaseUrl;
use modelport_provider::settings::DEFAULT_BASE_URL;

use super::group::Group;
use crate::config::environment::Found;
use crate::config::fault::{Fault, Origin, Warning};
use crate::config::setting::{GENERIC_PREFIX, field};

/// How the two groups stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    /// Nothing older is set.
    New,
    /// Only the older group is set.
    Older,
    /// Both, for the same provider: the new one wins, the older one fills what it leaves open.
    One,
    /// Both, for a provider each.
    Two,
    /// The older group's key would go to a host that it was not given for.
    Misdirected,
    /// As `Misdirected`, but to the same host, without encryption.
    Downgraded,
}

/// How the new and the older group stand to each other.
pub(super) fn relation(new: &Group, older: &Group) -> Relation {
    if !older.is_set {
        return Relation::New;
    }
    if !new.is_set {
        return Relation::Older;
    }
    let names_nothing =
        new.base_url.is_none() && new.api_key.is_none() && new.custom_headers.is_none();
    let (Some(new_url), Some(older_url)) = (address(new), address(older)) else {
        return Relation::Two;
    };
    if names_nothing || new_url == older_url {
        return Relation::One;
    }
    if new.has_credential() || new.base_url.is_none() || !older.has_credential() {
        return Relation::Two;
    }
    // From here on the new group names a place, and only the older one has a key.
    if !new_url.same_host(&older_url) {
        return Relation::Misdirected;
    }
    if older_url.is_https() && !new_url.is_https() {
        return Relation::Downgraded;
    }
    Relation::One
}

/// Merges two groups for one provider, and gives what of the older one is ignored.
pub(super) fn merge(new: Group, older: Group) -> (Group, Vec<Origin>) {
    let mut ignored = Vec::new();
    let lends_headers = !new.has_credential() || older.header_credential().is_none();
    let mut older_headers = older.custom_headers;
    if !lends_headers && new.custom_headers.is_none() {
        // They would replace the new group's key.
        ignored.extend(older_headers.take().map(|headers| headers.origin));
    }
    let merged = Group {
        prefix: new.prefix,
        home: new.home,
        enabled: prefer(new.enabled, older.enabled, &mut ignored),
        api_key: prefer(new.api_key, older.api_key, &mut ignored),
        base_url: prefer(new.base_url, older.base_url, &mut ignored),
        default_model: prefer(new.default_model, older.default_model, &mut ignored),
        provider_name: prefer(new.provider_name, older.provider_name, &mut ignored),
        custom_headers: prefer(new.custom_headers, older_headers, &mut ignored),
        timeout: prefer(new.timeout, older.timeout, &mut ignored),
        max_retries: prefer(new.max_retries, older.max_retries, &mut ignored),
        parameters: prefer(new.parameters, older.parameters, &mut ignored),
        models: prefer(new.models, older.models, &mut ignored),
        // They belong to the base URL that wins.
        hints: new.hints,
        http2: prefer(new.http2, older.http2, &mut ignored),
        discount: prefer(new.discount, older.discount, &mut ignored),
        is_set: true,
        is_broken: new.is_broken || older.is_broken,
    };
    (merged, ignored)
}

/// What is said about the older variables that are ignored.
pub(super) fn warning(ignored: &[Origin]) -> Option<Warning> {
    let origin = ignored.first()?.clone();
    let names: Vec<String> = ignored.iter().map(ToString::to_string).collect();
    let text = format!(
        "Ignored: {}. The {GENERIC_PREFIX}* variables describe the same provider and win.",
        names.join(", ")
    );
    Some(Warning { origin, text })
}

/// What is said when the older group's key must not follow the new group's address.
pub(super) fn fault(new: &Group, older: &Group, relation: Relation) -> Option<Fault> {
    let place = new.base_url.as_ref()?;
    let key = older.key_variable();
    let problem = match relation {
        Relation::Misdirected => {
            format!("it names another host than the one that {key} was given for")
        }
        Relation::Downgraded => format!("it would send {key} without encryption"),
        Relation::New | Relation::Older | Relation::One | Relation::Two => return None,
    };
    let remedy = format!(
        "Set {} to that host's own key. If it wants none, name it {GENERIC_PREFIX}LOCAL_{} instead, which makes it a provider beside the one of {key}.",
        new.variable(field::API_KEY),
        field::BASE_URL,
    );
    Some(Fault {
        origin: place.origin.clone(),
        problem,
        remedy,
    })
}

/// Where a group's calls go: what it says, or the default.
fn address(group: &Group) -> Option<BaseUrl> {
    match &group.base_url {
        Some(found) => Some(found.value.clone()),
        None => BaseUrl::parse(DEFAULT_BASE_URL).ok(),
    }
}

fn prefer<T>(
    new: Option<Found<T>>,
    older: Option<Found<T>>,
    ignored: &mut Vec<Origin>,
) -> Option<Found<T>> {
    if let (Some(_), Some(older)) = (&new, &older) {
        ignored.push(older.origin.clone());
    }
    new.or(older)
}
