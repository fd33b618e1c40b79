//! What is particular to Ollama's settings: which of its APIs chats use, and how long models stay loaded.

/// Which of Ollama's two APIs chats use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ChatApi {
    /// Its own, `/api/chat`: the context fits the prompt, and errors within a stream are told.
    #[default]
    Native,
    /// Its OpenAI layer, `/v1/chat/completions`: requests and answers go through as they are.
    OpenAi,
}

impl ChatApi {
    /// The name used in settings and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::OpenAi => "openai",
        }
    }

    /// Where chats go, below the server's root.
    pub fn path(self) -> &'static str {
        match self {
            Self::Native => "/api/chat",
            Self::OpenAi => "/v1/chat/completions",
        }
    }

    /// The API of that name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Native, Self::OpenAi]
            .into_iter()
            .find(|api| api.as_str().eq_ignore_ascii_case(name))
    }
}

/// How long Ollama keeps a model loaded: a duration such as `10m`, or seconds; below zero for ever, 0 not at all
/// (ollama/ollama, `docs/faq.mdx`, 2026-08-21).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeepAlive(String);

impl KeepAlive {
    /// Reads one; `None` if it is neither seconds nor a duration.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let amount = text.strip_prefix(['-', '+']).unwrap_or(text);
        let usable = text.parse::<i64>().is_ok() || is_duration(amount);
        usable.then(|| Self(text.to_owned()))
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As it is sent: seconds as a number, a duration as a string.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        match self.0.parse::<i64>() {
            Ok(seconds) => seconds.into(),
            Err(_) => self.0.as_str().into(),
        }
    }
}

/// Numbers with units, as Go writes durations: `1h30m`, `1.5s`. Of two units that begin alike the longer stands first.
fn is_duration(text: &str) -> bool {
    const UNITS: [&str; 7] = ["ns", "us", "µs", "ms", "s", "m", "h"];
    let mut rest = text;
    while !rest.is_empty() {
        let behind = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let number = rest.strip_suffix(behind).unwrap_or_default();
        let unit = UNITS.into_iter().find(|unit| behind.starts_with(unit));
        let (Ok(_), Some(unit)) = (number.parse::<f64>(), unit) else {
            return false;
        };
        rest = behind.strip_prefix(unit).unwrap_or_default();
    }
    !text.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_durations_are_kept_alive() {
        for (text, json) in [
            ("10m", "\"10m\""),
            ("1h30m", "\"1h30m\""),
            ("1.5s", "\"1.5s\""),
            ("-1", "-1"),
            ("-1m", "\"-1m\""),
            ("0", "0"),
            (" 300 ", "300"),
            ("10", "10"),
        ] {
            let read = KeepAlive::parse(text).map(|keep| keep.to_json().to_string());
            assert_eq!(read.as_deref(), Some(json), "{text}");
        }
        for text in ["", "m", "soon", "10 m", "1.2.3s", "5x", "--1", "1m2"] {
            assert_eq!(KeepAlive::parse(text), None, "{text}");
        }
    }

    #[test]
    fn apis_are_known_by_name() {
        assert_eq!(ChatApi::named("NATIVE"), Some(ChatApi::Native));
        assert_eq!(ChatApi::named("openai"), Some(ChatApi::OpenAi));
        assert_eq!(ChatApi::named("auto"), None);
    }
}
