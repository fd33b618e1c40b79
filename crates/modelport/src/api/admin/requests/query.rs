//! What a query asks for: which requests, from where on, and how many.

use std::ops::RangeInclusive;

use utoipa::IntoParams;

use crate::{
    accounting::{entry, record::Ending},
    api::shown,
    error::Error,
    store::{
        place::Place,
        search::{Filter, NAMES},
    },
    times,
};

/// How many are given unless the query says.
const USUAL: usize = 100;

/// The most that are given at once.
const MOST: usize = 500;

/// What there is beside [`NAMES`].
const OTHERS: [&str; 5] = ["status", "since", "until", "before", "limit"];

/// All endings.
const ENDINGS: [Ending; 5] = [
    Ending::Answered,
    Ending::Refused,
    Ending::Failed,
    Ending::Broken,
    Ending::Cancelled,
];

/// The parameters that say which requests are meant, for the document; [`read`] reads them.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes, and is never made")]
pub(super) struct Filters {
    /// Exactly that `x-request-id`.
    request_id: Option<String>,
    /// A key's id.
    key: Option<String>,
    /// Exactly that team.
    team: Option<String>,
    /// The id of the provider that was asked last.
    provider: Option<String>,
    /// The model as it was asked for, or as it was asked of the provider.
    model: Option<String>,
    /// An endpoint below `/v1`, such as `/chat/completions`.
    surface: Option<String>,
    /// A status, such as `429`, or a class, such as `5xx`.
    #[param(pattern = "^([1-5][0-9]{2}|[1-5]xx)?$")]
    status: Option<String>,
    /// How it ended.
    #[param(pattern = "^(answered|refused|failed|broken|cancelled)?$")]
    ending: Option<String>,
    /// When it arrived, at the earliest: a time ago such as `12h`, a day, or a moment.
    #[param(pattern = "^([1-9][0-9]{0,2}[dh]|20[0-9]{2}-[01][0-9]-[0-3][0-9]([Tt ].*)?)?$")]
    since: Option<String>,
    /// The same, at the latest.
    #[param(pattern = "^([1-9][0-9]{0,2}[dh]|20[0-9]{2}-[01][0-9]-[0-3][0-9]([Tt ].*)?)?$")]
    until: Option<String>,
}

/// What is asked for.
pub(super) struct Query {
    pub(super) filter: Filter,
    pub(super) before: Option<Place>,
    pub(super) limit: usize,
}

/// Reads a query. A parameter without a value is none.
///
/// # Errors
///
/// Which parameter is wrong, and what it may be.
pub(super) fn read(query: &str) -> Result<Query, Error> {
    let mut read = Query {
        filter: Filter::all(),
        before: None,
        limit: USUAL,
    };
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    for (name, value) in pairs.filter(|(_, value)| !value.is_empty()) {
        if let Err(said) = take(&mut read, &name, &value) {
            return Err(wrong(&name, &value, &said));
        }
    }
    let period = read.filter.period;
    if period.since >= period.until {
        return Err(Error::BadRequest {
            message: "since is not before until. Give an earlier time.".to_owned(),
            param: Some("since".to_owned()),
            code: "invalid_parameter",
        });
    }
    Ok(read)
}

/// Takes one parameter, or says what is wrong with it.
fn take(read: &mut Query, name: &str, value: &str) -> Result<(), String> {
    match name {
        "status" => read.filter.statuses = Some(statuses(value)?),
        "since" => read.filter.period.since = times::moment(value)?,
        "until" => read.filter.period.until = times::moment(value)?,
        "before" => {
            let place = value.parse().map_err(|_| {
                "not a place. Use the next of the answer before, or the id of a row".to_owned()
            })?;
            read.before = Some(place);
        }
        "limit" => {
            let limit = value
                .parse()
                .ok()
                .filter(|limit| (1..=MOST).contains(limit));
            read.limit = limit.ok_or_else(|| format!("not a number from 1 to {MOST}"))?;
        }
        "ending" if !ENDINGS.iter().any(|ending| ending.as_str() == value) => {
            let all = ENDINGS.map(Ending::as_str).join(", ");
            return Err(format!("not an ending. Use one of {all}"));
        }
        _ => {
            let named = NAMES.iter().find(|named| named.name == name);
            let named = named.ok_or_else(|| {
                let all = NAMES.iter().map(|named| named.name).chain(OTHERS);
                let all = all.collect::<Vec<_>>().join(", ");
                format!("not a parameter here. Use some of {all}")
            })?;
            let value = entry::name(Some(value)).into_owned();
            read.filter.names.retain(|(known, _)| known.name != name);
            read.filter.names.push((named, value));
        }
    }
    Ok(())
}

/// A status, or all with the same first digit.
fn statuses(text: &str) -> Result<RangeInclusive<i16>, String> {
    let one = text
        .parse()
        .ok()
        .filter(|status| (100..=599).contains(status));
    let class = text.strip_suffix("xx").and_then(|digit| digit.parse().ok());
    let class = class.filter(|digit| (1..=5).contains(digit));
    let found = one
        .map(|status| status..=status)
        .or(class.map(|digit: i16| digit * 100..=digit * 100 + 99));
    found.ok_or_else(|| "not a status. Use one such as 429, or a class such as 5xx".to_owned())
}

fn wrong(name: &str, value: &str, said: &str) -> Error {
    let name = shown(name);
    Error::BadRequest {
        message: format!("{name}={:?} is {said}.", shown(value)),
        param: Some(name.to_owned()),
        code: "invalid_parameter",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(query: &str) -> (String, String) {
        match read(query) {
            Err(Error::BadRequest { message, param, .. }) => (param.unwrap(), message),
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("{query} is taken"),
        }
    }

    #[test]
    fn a_query_is_read_and_what_is_wrong_in_it_is_named() {
        let query = read("model=gpt-4o&status=5xx&limit=7&key=&before=9-00000000000000000000000000000007&ending=failed").unwrap();
        assert_eq!(query.limit, 7);
        assert_eq!(query.before.unwrap().at_ms, 9);
        assert_eq!(query.filter.statuses, Some(500..=599));
        let names = query.filter.names.iter();
        let names: Vec<_> = names.map(|(named, value)| (named.name, &**value)).collect();
        assert_eq!(names, [("model", "gpt-4o"), ("ending", "failed")]);
        assert_eq!(read("status=404").unwrap().filter.statuses, Some(404..=404));
        assert_eq!(read("").unwrap().limit, USUAL);
        for (query, param) in [
            ("status=99", "status"),
            ("status=6xx", "status"),
            ("limit=0", "limit"),
            ("limit=501", "limit"),
            ("since=soon", "since"),
            ("since=1h&until=2h", "since"),
            ("before=7", "before"),
            ("ending=well", "ending"),
            ("modle=x", "modle"),
        ] {
            let (blamed, message) = refused(query);
            assert_eq!(blamed, param, "{message}");
            assert!(
                message.contains("Use") || message.contains(" 1 to ") || message.contains("Give"),
                "{message}"
            );
        }
    }
}
