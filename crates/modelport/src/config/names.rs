//! Which names are ours: telling settings, misspelt settings and other people's variables apart. It looks at names
//! only, in upper case, never at values.

use super::setting::{
    self, GENERIC_PREFIX, OLDER_PREFIX, OLLAMA_HOST, OLLAMA_PREFIX, SHORT_OLLAMA_PREFIX, field,
};

/// The longest suffix of a further instance, in bytes.
const MAX_SUFFIX: usize = 32;
/// How many letters may be wrong for a suggestion still to help.
const MAX_DISTANCE: usize = 3;
const SERVER_PREFIX: &str = "MODELPORT_";

/// Ollama's own settings that resemble one of ours (ollama/ollama, `envconfig/config.go`, 2026-08-21). Its others
/// are told by resembling none.
const OLLAMAS_OWN: [&str; 5] = [
    "OLLAMA_LOAD_TIMEOUT",
    "OLLAMA_MODELS",
    "OLLAMA_MODEL",
    "OLLAMA_REMOTES",
    "OLLAMA_MAX_QUEUE",
];

/// What commands read that no gateway has as a setting: the key that they show to one.
const OF_COMMANDS: [&str; 1] = ["MODELPORT_KEY"];

/// What a name is to us.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// A setting.
    Known,
    /// It stands in one of our groups, but no setting has this name; with the nearest one that exists.
    Unknown { nearest: Option<String> },
    /// None of our business.
    Foreign,
}

/// What a name, in upper case, is to us.
pub(super) fn standing(name: &str) -> Standing {
    let known = setting::all().any(|setting| setting.name == name)
        || name == OLLAMA_HOST
        || has_field(name, OLDER_PREFIX, &field::GENERIC)
        || has_field(name, SHORT_OLLAMA_PREFIX, &field::OLLAMA)
        || instance(name).is_some();
    if known {
        return Standing::Known;
    }
    if OF_COMMANDS.contains(&name) {
        return Standing::Foreign;
    }
    let nearest = nearest(name);
    let ours = [GENERIC_PREFIX, OLDER_PREFIX, OLLAMA_PREFIX, SERVER_PREFIX]
        .iter()
        .any(|prefix| name.starts_with(prefix));
    // Ollama has many settings of its own, and new ones appear: only a near miss is likely meant for us.
    let near_miss =
        name.starts_with(SHORT_OLLAMA_PREFIX) && nearest.is_some() && !OLLAMAS_OWN.contains(&name);
    if ours || near_miss {
        Standing::Unknown { nearest }
    } else {
        Standing::Foreign
    }
}

/// The suffix and the field of a further instance's variable: `GROQ` and `API_KEY` of
/// `OPENAI_COMPATIBLE_GROQ_API_KEY`.
pub(super) fn instance(name: &str) -> Option<(&str, &'static str)> {
    let rest = name.strip_prefix(GENERIC_PREFIX)?;
    let (suffix, field) = field::GENERIC
        .into_iter()
        .find_map(|field| Some((rest.strip_suffix(field)?.strip_suffix('_')?, field)))?;
    is_suffix(suffix).then_some((suffix, field))
}

/// The suffix of the further instance whose variables begin with `prefix`.
pub(super) fn suffix(prefix: &str) -> Option<&str> {
    let suffix = prefix.strip_prefix(GENERIC_PREFIX)?.strip_suffix('_')?;
    is_suffix(suffix).then_some(suffix)
}

fn is_suffix(text: &str) -> bool {
    let is_part =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    text.len() <= MAX_SUFFIX && text.split('_').all(is_part)
}

fn has_field(name: &str, prefix: &str, fields: &[&str]) -> bool {
    name.strip_prefix(prefix)
        .is_some_and(|rest| fields.contains(&rest))
}

/// The known name that is fewest letters away, if that is few enough.
fn nearest(name: &str) -> Option<String> {
    let fixed = setting::all().map(|setting| setting.name.to_owned());
    let older = field::GENERIC
        .into_iter()
        .map(|field| format!("{OLDER_PREFIX}{field}"));
    let short = field::OLLAMA
        .into_iter()
        .map(|field| format!("{SHORT_OLLAMA_PREFIX}{field}"));
    let known = fixed.chain(older).chain(short).chain(instances_like(name));
    nearest_of(name, known)
}

/// The one of these names that is fewest letters away, if that is few enough for its length.
pub(super) fn nearest_of(name: &str, known: impl Iterator<Item = String>) -> Option<String> {
    let most = MAX_DISTANCE.min(name.len() / 2);
    known
        .map(|known| (distance(name, &known), known))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// The variables of every instance that a misspelt name could belong to.
fn instances_like(name: &str) -> impl Iterator<Item = String> {
    let rest = name.strip_prefix(GENERIC_PREFIX).unwrap_or_default();
    let suffixes = rest.match_indices('_').filter_map(|(at, _)| rest.get(..at));
    suffixes
        .flat_map(|suffix| {
            let fields = field::GENERIC.into_iter();
            fields.map(move |field| format!("{GENERIC_PREFIX}{suffix}_{field}"))
        })
        .filter(|candidate| instance(candidate).is_some())
}

/// The number of letters to insert, drop or replace to get from one name to the other (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (line, left) in from.bytes().enumerate() {
        let mut diagonal = line;
        let mut before = line + 1;
        for (cell, right) in row.iter_mut().skip(1).zip(to.bytes()) {
            let above = *cell;
            let replaced = diagonal + usize::from(left != right);
            before = replaced.min(above + 1).min(before + 1);
            diagonal = above;
            *cell = before;
        }
        if let Some(first) = row.first_mut() {
            *first = line + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Standing, distance, instance, standing};

    #[test]
    fn names_are_told_apart() {
        let known = |name: &str| assert_eq!(standing(name), Standing::Known, "{name}");
        let foreign = |name: &str| assert_eq!(standing(name), Standing::Foreign, "{name}");
        let unknown = |name: &str, nearest: Option<&str>| {
            let nearest = nearest.map(ToOwned::to_owned);
            assert_eq!(standing(name), Standing::Unknown { nearest }, "{name}");
        };

        known("OPENAI_COMPATIBLE_API_KEY");
        known("OPENAI_COMPATIBLE_GROQ_API_KEY");
        known("OPENAI_COMPATIBLE_MY_SERVER_BASE_URL");
        known("OPENROUTER_MAX_RETRIES");
        known("OLLAMA_SETTINGS_TIMEOUT");
        known("OLLAMA_BASE_URL");
        known("OLLAMA_HOST");
        known("PORT");
        unknown(
            "OPENAI_COMPATIBLE_APIKEY",
            Some("OPENAI_COMPATIBLE_API_KEY"),
        );
        unknown(
            "OPENAI_COMPATIBLE_GROQ_APIKEY",
            Some("OPENAI_COMPATIBLE_GROQ_API_KEY"),
        );
        unknown("OPENAI_COMPATIBLE_FOO_BAR", None);
        unknown(
            "OPENAI_COMPATIBLE__API_KEY",
            Some("OPENAI_COMPATIBLE_API_KEY"),
        );
        unknown("OPENROUTER_TIMEOUTS", Some("OPENROUTER_TIMEOUT"));
        unknown("OLLAMA_SETTINGS_CUSTOM_HEADERS", None);
        unknown("OLLAMA_BASEURL", Some("OLLAMA_BASE_URL"));
        unknown("MODELPORT_APIKEY", Some("MODELPORT_API_KEY"));
        foreign("MODELPORT_KEY");
        for own in [
            "HOST",
            "MODELS",
            "KEEP_ALIVE",
            "NUM_PARALLEL",
            "ORIGINS",
            "LOAD_TIMEOUT",
            "DEBUG",
            "CONTEXT_LENGTH",
        ] {
            let name = format!("OLLAMA_{own}");
            assert!(
                !matches!(standing(&name), Standing::Unknown { .. }),
                "{name}"
            );
        }
        foreign("PATH");
        foreign("OPENAI_API_KEY");
        foreign("PORTS");
    }

    #[test]
    fn an_instance_is_named_by_what_stands_before_the_field() {
        let check = |name: &str, expected: Option<(&str, &str)>| {
            assert_eq!(instance(name), expected, "{name}");
        };

        check("OPENAI_COMPATIBLE_2_BASE_URL", Some(("2", "BASE_URL")));
        check(
            "OPENAI_COMPATIBLE_MY_SERVER_TIMEOUT",
            Some(("MY_SERVER", "TIMEOUT")),
        );
        check("OPENAI_COMPATIBLE_BASE_URL", None);
        check("OPENAI_COMPATIBLE_A__B_TIMEOUT", None);
        check("OPENAI_COMPATIBLE_A-B_TIMEOUT", None);
        check(
            &format!("OPENAI_COMPATIBLE_{}_TIMEOUT", "A".repeat(33)),
            None,
        );
    }

    #[test]
    fn distances_count_letters() {
        assert_eq!(distance("KITTEN", "SITTING"), 3);
        assert_eq!(distance("", "ABC"), 3);
        assert_eq!(distance("ABC", "ABC"), 0);
    }
}
