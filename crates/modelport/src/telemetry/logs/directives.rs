//! How loud the log is, as people say it: a level for modelport, and others for parts of it or of the libraries below.

use std::{fmt, str::FromStr};

use tracing::{Level, level_filters::LevelFilter};
use tracing_subscriber::filter::Targets;

/// The parts that the level without a target is for.
const OURS: [&str; 2] = ["modelport", "modelport_provider"];

/// The most directives, and the longest text of them in bytes.
const MAX_DIRECTIVES: usize = 32;
const MAX_LENGTH: usize = 1024;

/// How loud the log is.
#[derive(Clone, Debug, PartialEq)]
pub struct Directives {
    text: String,
    /// Of all log lines but those of finished requests.
    targets: Targets,
    /// Of those.
    requests: LevelFilter,
}

/// What is no way to say how loud the log is.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// One part of it.
    #[error(
        "{0:?} is neither a level nor a target with a level. Use TRACE, DEBUG, INFO, WARN, ERROR or OFF, and TARGET=LEVEL for a part, separated by commas, such as info,modelport::proxy=debug."
    )]
    Part(String),
    /// All of it.
    #[error(
        "It is empty, or longer than {MAX_LENGTH} bytes or {MAX_DIRECTIVES} parts. Use a level such as debug."
    )]
    Size,
}

impl Directives {
    /// As loud as a level says.
    pub fn of(level: Level) -> Self {
        Self::new(
            level.as_str().to_ascii_lowercase(),
            LevelFilter::from_level(level),
            Vec::new(),
        )
    }

    /// The libraries below us speak only when something is wrong, unless they are named.
    fn new(text: String, ours: LevelFilter, named: Vec<(String, LevelFilter)>) -> Self {
        let targets = Targets::new()
            .with_default(LevelFilter::WARN.min(ours))
            .with_targets(OURS.map(|target| (target, ours)))
            .with_targets(named);
        let levels = [
            Level::TRACE,
            Level::DEBUG,
            Level::INFO,
            Level::WARN,
            Level::ERROR,
        ];
        let loudest = levels
            .into_iter()
            .find(|level| targets.would_enable("modelport", level));
        Self {
            text,
            targets,
            requests: loudest.map_or(LevelFilter::OFF, LevelFilter::from_level),
        }
    }

    pub(super) fn targets(&self) -> Targets {
        self.targets.clone()
    }

    /// Whether the line of a finished request is shown that is so loud.
    pub(super) fn shows(&self, level: Level) -> bool {
        level <= self.requests
    }
}

impl FromStr for Directives {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        let parts: Vec<&str> = text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .collect();
        if parts.is_empty() || parts.len() > MAX_DIRECTIVES || text.len() > MAX_LENGTH {
            return Err(Wrong::Size);
        }
        let mut ours = LevelFilter::INFO;
        let mut named = Vec::new();
        for part in &parts {
            let wrong = || Wrong::Part((*part).to_owned());
            match part.split_once('=') {
                None => ours = level(part).ok_or_else(wrong)?,
                Some((target, loudness)) => {
                    let target = target.trim();
                    let is_target = !target.is_empty()
                        && target.bytes().all(|byte| {
                            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':')
                        });
                    let level = level(loudness.trim()).filter(|_| is_target);
                    named.push((target.to_owned(), level.ok_or_else(wrong)?));
                }
            }
        }
        Ok(Self::new(parts.join(","), ours, named))
    }
}

impl fmt::Display for Directives {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A level by its word. `LevelFilter` itself would take numbers too.
fn level(word: &str) -> Option<LevelFilter> {
    Some(match word.to_ascii_lowercase().as_str() {
        "trace" => LevelFilter::TRACE,
        "debug" => LevelFilter::DEBUG,
        "info" => LevelFilter::INFO,
        "warn" => LevelFilter::WARN,
        "error" => LevelFilter::ERROR,
        "off" => LevelFilter::OFF,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_for_us_and_the_libraries_speak_when_something_is_wrong() {
        let check = |text: &str, target: &str, level: Level, is_shown: bool| {
            let directives: Directives = text.parse().unwrap();
            let shown = directives.targets.would_enable(target, &level);
            assert_eq!(shown, is_shown, "{text} {target} {level}");
        };
        check("debug", "modelport::proxy::attempt", Level::DEBUG, true);
        check("debug", "modelport_provider", Level::DEBUG, true);
        check("debug", "hyper", Level::INFO, false);
        check("debug", "hyper", Level::WARN, true);
        check("error", "hyper", Level::WARN, false);
        check("info,hyper=debug", "hyper", Level::DEBUG, true);
        check("hyper=debug", "modelport", Level::INFO, true);
        check("hyper=debug", "modelport", Level::DEBUG, false);
        check(
            "INFO, modelport::proxy = debug",
            "modelport::proxy::tries",
            Level::DEBUG,
            true,
        );
        check(
            "INFO, modelport::proxy = debug",
            "modelport::api",
            Level::DEBUG,
            false,
        );
        check("off", "hyper", Level::ERROR, false);
        assert_eq!(Directives::of(Level::WARN), "warn".parse().unwrap());
    }

    #[test]
    fn the_lines_of_requests_go_by_what_is_said_of_us() {
        let check = |text: &str, level: Level, is_shown: bool| {
            let directives: Directives = text.parse().unwrap();
            assert_eq!(directives.shows(level), is_shown, "{text} {level}");
        };
        check("info", Level::INFO, true);
        check("warn", Level::INFO, false);
        check("warn", Level::WARN, true);
        check("off", Level::ERROR, false);
        check("info,modelport=error", Level::WARN, false);
        check("hyper=trace", Level::INFO, true);
    }

    #[test]
    fn what_is_no_directive_is_named() {
        let check = |text: &str, part: &str| {
            let wrong = text.parse::<Directives>().unwrap_err();
            assert_eq!(wrong, Wrong::Part(part.to_owned()));
            assert!(wrong.to_string().contains("DEBUG"), "{wrong}");
        };
        check("loud", "loud");
        check("5", "5");
        check("info,hyper", "hyper");
        check("info,hyper=loud", "hyper=loud");
        check("=info", "=info");
        check("a b=info", "a b=info");
        assert_eq!("".parse::<Directives>(), Err(Wrong::Size));
        assert_eq!(" , ".parse::<Directives>(), Err(Wrong::Size));
        assert_eq!("info,".repeat(40).parse::<Directives>(), Err(Wrong::Size));
    }
}
