//! Reads the spelling of a fault. Every spelling stands in one of two tables here: fixed words, and words followed by a number.

use std::str::FromStr;

use super::{Break, Connection, Fault, Form, Instead, RetryAfter};

/// The longest pause or wait a fault may ask for, in the unit of its spelling.
const MAX_NUMBER: u64 = 100_000_000;

/// A fault's spelling that is not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{spec}` is not a fault: {reason}")]
pub struct InvalidFault {
    spec: String,
    reason: &'static str,
}

impl FromStr for Fault {
    type Err = InvalidFault;

    fn from_str(spec: &str) -> Result<Self, InvalidFault> {
        let invalid = |reason| InvalidFault {
            spec: spec.to_owned(),
            reason,
        };
        let spelling = spec.trim();
        let Some((name, count)) = spelling.split_once('@') else {
            return parse_one(spelling).map_err(invalid);
        };
        let requests = count
            .parse()
            .map_err(|_| invalid("after `@` comes the number of requests that get it"))?;
        let fault = parse_one(name).map_err(invalid)?;
        Ok(Self::First(requests, Box::new(fault)))
    }
}

fn parse_one(name: &str) -> Result<Fault, &'static str> {
    match fixed(name) {
        Some(fault) => Ok(fault),
        None => numbered(name),
    }
}

/// The faults whose spelling is a fixed word.
fn fixed(name: &str) -> Option<Fault> {
    Some(match name {
        "quota" => Fault::Instead(Instead::Quota),
        "context-length" => Fault::Instead(Instead::ContextLength),
        "html" => Fault::Instead(Instead::Html(200)),
        "empty" => Fault::Instead(Instead::Empty),
        "empty-stream" => Fault::Instead(Instead::EmptyStream),
        "garbage" => Fault::Instead(Instead::Garbage),
        "error-200" => Fault::Instead(Instead::Error200),
        "error-choice" => Fault::Instead(Instead::ErrorChoice),
        "redirect" => Fault::Instead(Instead::Redirect),
        "hang" => Fault::Connection(Connection::Hang),
        "hang-head" => Fault::Connection(Connection::HangHead),
        "reset" => Fault::Connection(Connection::Reset),
        "refuse-mid-head" => Fault::Connection(Connection::ResetMidHead),
        "cut-head" => Fault::Connection(Connection::CutHead),
        "close" => Fault::Connection(Connection::Close),
        "close-idle" => Fault::Connection(Connection::CloseIdle),
        "not-http" => Fault::Connection(Connection::NotHttp),
        "continue" => Fault::Connection(Connection::Continue),
        "http10" => Fault::Connection(Connection::Http10),
        "short" => Fault::Connection(Connection::Short),
        "long" => Fault::Connection(Connection::Long),
        "preamble-error" => Fault::After(1, Break::ErrorEvent),
        "preamble-cut" => Fault::After(1, Break::Cut),
        "no-done" => Fault::Form(Form::NoDone),
        "truncated-json" => Fault::Form(Form::TruncatedJson),
        "gzip" => Fault::Form(Form::Gzip),
        "crlf" => Fault::Form(Form::Crlf),
        "cr" => Fault::Form(Form::Cr),
        "comments" => Fault::Form(Form::Comments),
        "bom" => Fault::Form(Form::Bom),
        "no-space" => Fault::Form(Form::NoSpace),
        "multiline" => Fault::Form(Form::Multiline),
        "one-write" => Fault::Form(Form::OneWrite),
        "leading-blank" => Fault::Form(Form::LeadingBlank),
        "usage-each" => Fault::Form(Form::UsageEach),
        "usage-none" => Fault::Form(Form::UsageNone),
        "wrong-type" => Fault::Form(Form::WrongType),
        _ => return None,
    })
}

/// The faults whose spelling ends with a number, and the refusals, which may end with one more: the status.
fn numbered(name: &str) -> Result<Fault, &'static str> {
    if let Some(rest) = name.strip_prefix("retry-after-") {
        return retry_after(rest);
    }
    if let Some(rest) = name.strip_prefix("should-retry-") {
        let (word, status) = rest
            .split_once('-')
            .map_or((rest, None), |(word, status)| (word, Some(status)));
        // Each default contradicts the status it comes with; agreeing headers would change nothing.
        return Ok(Fault::Instead(match word {
            "true" => Instead::ShouldRetry(true, status_or(status, 400)?),
            "false" => Instead::ShouldRetry(false, status_or(status, 503)?),
            _ => return Err("after `should-retry-` comes `true` or `false`"),
        }));
    }
    let (word, digits) = name.rsplit_once('-').ok_or("no such fault")?;
    Ok(match word {
        "status" => Fault::Instead(Instead::Status(status_code(digits)?)),
        "html" => Fault::Instead(Instead::Html(status_code(digits)?)),
        "slow-head" => Fault::Connection(Connection::SlowHead(number(digits)?)),
        "split" => match count(digits)? {
            0 => return Err("a write has at least 1 byte"),
            bytes => Fault::Form(Form::Split(bytes)),
        },
        "stall" => Fault::After(count(digits)?, Break::Stall),
        "cut" => Fault::After(count(digits)?, Break::Cut),
        "reset" => Fault::After(count(digits)?, Break::Reset),
        "cut-half" => Fault::After(count(digits)?, Break::CutHalf),
        "eof" => Fault::After(count(digits)?, Break::Eof),
        "malformed" => match count(digits)? {
            0 => return Err("events are counted from 1"),
            nth => Fault::After(nth, Break::Malformed),
        },
        "error-event" => Fault::After(count(digits)?, Break::ErrorEvent),
        "error-event-done" => Fault::After(count(digits)?, Break::ErrorEventDone),
        "error-named" => Fault::After(count(digits)?, Break::ErrorNamed),
        "error-finish" => Fault::After(count(digits)?, Break::ErrorFinish),
        "swallowed" => Fault::After(count(digits)?, Break::Swallowed),
        _ => return Err("no such fault"),
    })
}

fn retry_after(rest: &str) -> Result<Fault, &'static str> {
    let (word, rest) = ["date-", "ms-", "garbage"]
        .into_iter()
        .find_map(|word| rest.strip_prefix(word).map(|rest| (word, rest)))
        .unwrap_or(("", rest));
    let (value, status) = rest
        .split_once('-')
        .map_or((rest, None), |(value, status)| (value, Some(status)));
    let form = match word {
        "date-" => RetryAfter::Date(number(value)?),
        "ms-" => RetryAfter::Millis(number(value)?),
        "garbage" if value.is_empty() => RetryAfter::Garbage,
        "garbage" => return Err("no such fault"),
        _ => RetryAfter::Seconds(number(value)?),
    };
    Ok(Fault::Instead(Instead::RetryAfter(
        form,
        status_or(status, 429)?,
    )))
}

fn status_or(digits: Option<&str>, otherwise: u16) -> Result<u16, &'static str> {
    digits.map_or(Ok(otherwise), status_code)
}

fn status_code(digits: &str) -> Result<u16, &'static str> {
    match digits.parse() {
        Ok(code @ 200..=599) => Ok(code),
        Ok(_) | Err(_) => Err("a status is a number from 200 to 599"),
    }
}

fn number(digits: &str) -> Result<u64, &'static str> {
    match digits.parse() {
        Ok(number) if number <= MAX_NUMBER => Ok(number),
        Ok(_) => Err("the number is too large"),
        Err(_) => Err("it should end with a number"),
    }
}

fn count(digits: &str) -> Result<usize, &'static str> {
    usize::try_from(number(digits)?).map_err(|_| "the number is too large")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_reads_back_what_it_prints() {
        for (spec, _) in Fault::all_examples() {
            let fault: Fault = spec.parse().unwrap();
            assert_eq!(
                fault.to_string().parse(),
                Ok(fault.clone()),
                "{spec} prints as {fault}"
            );
        }
    }

    #[test]
    fn aliases_and_defaults_have_one_canonical_spelling() {
        for (spec, canonical) in [
            ("preamble-error", "error-event-1"),
            ("preamble-cut", "cut-1"),
            ("retry-after-2", "retry-after-2-429"),
            ("retry-after-ms-1500-503", "retry-after-ms-1500-503"),
            ("retry-after-date-3", "retry-after-date-3-429"),
            ("retry-after-garbage", "retry-after-garbage-429"),
            ("should-retry-true", "should-retry-true-400"),
            ("should-retry-false-500", "should-retry-false-500"),
            ("html-502", "html-502"),
            (" status-503@2 ", "status-503@2"),
        ] {
            assert_eq!(
                spec.parse::<Fault>().map(|fault| fault.to_string()),
                Ok(canonical.to_owned()),
                "{spec}"
            );
        }
    }

    #[test]
    fn other_spellings_are_refused() {
        for spec in [
            "",
            "-",
            "@2",
            "hang@",
            "hang@x",
            "hang@1@2",
            "status-",
            "status-99",
            "status-600",
            "status-abc",
            "split-0",
            "malformed-0",
            "cut",
            "cut--1",
            "cut-99999999999999999999",
            "retry-after-",
            "retry-after-x",
            "retry-after-garbagex",
            "retry-after-garbage-",
            "should-retry-maybe",
            "html-1",
            "Hang",
            "no-such",
        ] {
            assert!(
                spec.parse::<Fault>().is_err(),
                "{spec} is read as {:?}",
                spec.parse::<Fault>()
            );
        }
    }
}
