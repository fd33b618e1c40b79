//! How much context a request needs, and what to ask the server for. Ollama serves far less than a model was trained
//! for, and cuts what does not fit; but each change of the size loads the model anew.

use serde_json::{Map, Value};

/// What a server gives a model unless told otherwise: 4k below 24 GiB of video memory (ollama/ollama,
/// `docs/context-length.mdx`, 2026-08-21). More on larger machines, which only a loaded model tells.
const DEFAULT: u64 = 4096;

/// The most that is asked for where it is not known what the model was trained for.
const MAX_UNTRAINED: u64 = 131_072;

/// What an image counts. Models differ from some 250 to over 1500.
const IMAGE: u64 = 1024;

/// What the frame around a message counts.
const FRAME: u64 = 8;

/// Left for the answer where the request sets no limit.
const ANSWER: u64 = 1024;

/// What is known of one model's context.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Window {
    /// The most it was trained for.
    pub(super) trained: Option<u64>,
    /// What its Modelfile sets.
    pub(super) preset: Option<u64>,
    /// What it is loaded with.
    pub(super) loaded: Option<u64>,
    /// It runs elsewhere, and its context is not ours to choose.
    pub(super) remote: bool,
}

/// What a request needs, in tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Need {
    /// The prompt's estimate.
    pub(super) prompt: u64,
    /// Room for the answer.
    pub(super) answer: u64,
}

impl Need {
    /// Everything, with a margin: code and digits have more tokens than prose.
    fn total(self) -> u64 {
        let margin = self.prompt / 4;
        self.prompt
            .saturating_add(margin)
            .saturating_add(self.answer)
    }

    /// The least that the prompt can be: prose has about five letters a token, not four.
    fn least(self) -> u64 {
        self.prompt - self.prompt / 4
    }
}

/// Estimates what a native request needs.
pub(super) fn need(request: &Map<String, Value>, options: &Map<String, Value>) -> Need {
    let messages = request.get("messages").and_then(Value::as_array);
    let messages = messages.map_or(0, |all| all.iter().map(message).sum());
    let tools = request
        .get("tools")
        .map_or(0, |tools| quarters(&tools.to_string()));
    let limit = options.get("num_predict").and_then(Value::as_u64);
    Need {
        prompt: (messages + tools) / 4,
        answer: limit.unwrap_or(ANSWER),
    }
}

/// A message in quarters of a token.
fn message(message: &Value) -> u64 {
    let text = |name| {
        message
            .get(name)
            .and_then(Value::as_str)
            .map_or(0, quarters)
    };
    let images = message.get("images").and_then(Value::as_array);
    let images = images.map_or(0, |images| images.iter().map(|_| IMAGE).sum());
    let calls = message
        .get("tool_calls")
        .map_or(0, |calls| quarters(&calls.to_string()));
    text("content") + text("thinking") + calls + 4 * (images + FRAME)
}

/// A text in quarters of a token: about four letters a token in Latin, one sign a token in Chinese, Japanese and Korean.
fn quarters(text: &str) -> u64 {
    if text.is_ascii() {
        return u64::try_from(text.len()).unwrap_or(u64::MAX / 16);
    }
    let weight = |sign: char| match u32::from(sign) {
        0..0x80 => 1,
        0x80..0x0530 => 2,
        0x0530..0x2e80 => 3,
        0x2e80..0x1_0000 => 4,
        _ => 8,
    };
    text.chars().map(weight).sum()
}

/// The context to ask for: `None` where what the server has anyway is enough.
///
/// # Errors
///
/// What the model was trained for, if the prompt cannot fit into it.
pub(super) fn choose(window: Option<Window>, need: Need) -> Result<Option<u64>, u64> {
    let window = window.unwrap_or_default();
    if window.remote {
        return Ok(None);
    }
    if let Some(trained) = window.trained.filter(|trained| need.least() > *trained) {
        return Err(trained);
    }
    let own = window.preset.unwrap_or(DEFAULT);
    let served = window.loaded.unwrap_or(own);
    if need.total() <= served {
        // Asking for nothing means what the model has of its own, and loads it anew if that differs (`server/sched.go`,
        // `needsReload`).
        return Ok((served != own).then_some(served));
    }
    let most = window.trained.unwrap_or(MAX_UNTRAINED).max(served);
    Ok(Some(rung(need.total()).clamp(served, most)))
}

/// The next step of a short ladder, so that prompts of about one length share a size.
fn rung(tokens: u64) -> u64 {
    tokens
        .checked_next_power_of_two()
        .unwrap_or(u64::MAX)
        .max(DEFAULT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(trained: u64, preset: u64, loaded: u64) -> Window {
        let known = |tokens| (tokens > 0).then_some(tokens);
        Window {
            trained: known(trained),
            preset: known(preset),
            loaded: known(loaded),
            remote: false,
        }
    }

    fn prompt(prompt: u64) -> Need {
        Need {
            prompt,
            answer: 1000,
        }
    }

    #[test]
    fn a_size_is_asked_for_only_where_it_changes_something() {
        for (known, tokens, chosen) in [
            // Nothing is known: the server's default is expected.
            (None, 100, Ok(None)),
            (None, 20_000, Ok(Some(32_768))),
            (None, 900_000, Ok(Some(131_072))),
            // What the Modelfile sets is there anyway.
            (Some(window(131_072, 8192, 0)), 5000, Ok(None)),
            (Some(window(131_072, 8192, 0)), 6000, Ok(Some(16_384))),
            // A loaded model stays as it is while it can.
            (Some(window(131_072, 0, 4096)), 100, Ok(None)),
            (Some(window(131_072, 0, 32_768)), 100, Ok(Some(32_768))),
            (Some(window(131_072, 0, 32_768)), 20_000, Ok(Some(32_768))),
            (Some(window(131_072, 0, 32_768)), 40_000, Ok(Some(65_536))),
            (Some(window(131_072, 0, 40_000)), 36_000, Ok(Some(65_536))),
            (Some(window(131_072, 8192, 8192)), 100, Ok(None)),
            (Some(window(131_072, 8192, 4096)), 100, Ok(Some(4096))),
            // Never more than it was trained for.
            (Some(window(40_960, 0, 0)), 36_000, Ok(Some(40_960))),
            (Some(window(2048, 0, 0)), 100, Ok(None)),
            // A prompt that may still fit is tried; one that cannot is not.
            (Some(window(40_960, 0, 0)), 50_000, Ok(Some(40_960))),
            (Some(window(40_960, 0, 0)), 60_000, Err(40_960)),
            (Some(window(262_144, 0, 0)), 150_000, Ok(Some(262_144))),
        ] {
            assert_eq!(choose(known, prompt(tokens)), chosen, "{known:?} {tokens}");
        }
        let elsewhere = Window {
            remote: true,
            ..Window::default()
        };
        assert_eq!(choose(Some(elsewhere), prompt(90_000)), Ok(None));
    }

    #[test]
    fn texts_images_and_tools_are_counted() {
        let count = |messages: Value, tools: Value| {
            let request = serde_json::json!({"messages": messages, "tools": tools});
            need(request.as_object().unwrap(), &Map::new()).prompt
        };
        let none = || serde_json::json!([]);
        let text = |content: &str| serde_json::json!([{"content": content}]);
        assert_eq!(count(text(&"word".repeat(1000)), none()), 1008);
        assert_eq!(count(text(&"漢字".repeat(500)), none()), 1008);
        assert_eq!(count(text(&"слово".repeat(400)), none()), 1008);
        let image = serde_json::json!([{"content": "", "images": ["AAAA", "BBBB"]}]);
        assert_eq!(count(image, none()), 2 * 1024 + 8);
        let tools = serde_json::json!([{"name": "x".repeat(4000)}]);
        assert!(count(none(), tools) >= 1000);
        let called = serde_json::json!([{"content": "", "tool_calls": [{"a": "x".repeat(400)}]}]);
        assert!(count(called, none()) >= 100);
    }

    #[test]
    fn the_answers_limit_counts() {
        let options = |limit: i64| {
            let options = serde_json::json!({"num_predict": limit});
            need(&Map::new(), options.as_object().unwrap()).answer
        };
        assert_eq!(options(9000), 9000);
        assert_eq!(options(-1), 1024);
    }
}
