//! Made-up tool calls: which tools are called, and with which arguments.

use serde::Deserialize;
use serde_json::Value;

use super::ask::Ask;
use super::schema;

/// The most calls in one answer.
const MAX_CALLS: usize = 2;

/// A call of a tool.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) name: String,
    /// JSON text.
    pub(crate) arguments: String,
}

#[derive(Deserialize)]
struct Tool {
    function: Option<Function>,
}

#[derive(Deserialize)]
struct Function {
    name: String,
    parameters: Option<Value>,
}

/// `tool_choice`: a word, or the tool to call.
#[derive(Deserialize)]
#[serde(untagged)]
enum Choice {
    Word(String),
    Named { function: Named },
    Other(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

/// The calls that answer this request: none without tools, with `tool_choice` `none`, or when a tool has just answered.
pub(super) fn calls(ask: &Ask<'_>) -> Vec<Call> {
    let Some(tools) = ask.tools else {
        return Vec::new();
    };
    if ask.answers_a_tool() {
        return Vec::new();
    }
    let tools: Vec<Tool> = serde_json::from_str(tools.get()).unwrap_or_default();
    let functions = tools.into_iter().filter_map(|tool| tool.function);
    let choice = ask
        .tool_choice
        .and_then(|choice| serde_json::from_str(choice.get()).ok());
    match choice {
        Some(Choice::Word(word)) if word == "none" => Vec::new(),
        Some(Choice::Named { function: wanted }) => functions
            .filter(|function| function.name == wanted.name)
            .take(1)
            .map(call)
            .collect(),
        Some(Choice::Word(_) | Choice::Other(_)) | None => {
            let most = if ask.parallel_tool_calls == Some(false) {
                1
            } else {
                MAX_CALLS
            };
            functions.take(most).map(call).collect()
        }
    }
}

fn call(function: Function) -> Call {
    let arguments = function.parameters.as_ref().map_or_else(
        || "{}".to_owned(),
        |schema| schema::sample(schema).to_string(),
    );
    Call {
        name: function.name,
        arguments,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOOLS: &str = r#""tools":[
        {"type":"function","function":{"name":"get_weather","parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}},
        {"type":"function","function":{"name":"get_time"}},
        {"type":"custom","custom":{"name":"x"}},
        {"type":"function","function":{"name":"third"}}]"#;

    #[test]
    fn the_choice_decides_which_tools_are_called() {
        for (rest, expected) in [
            ("", &["get_weather", "get_time"][..]),
            (r#","tool_choice":"required""#, &["get_weather", "get_time"]),
            (r#","tool_choice":"none""#, &[]),
            (r#","parallel_tool_calls":false"#, &["get_weather"]),
            (
                r#","tool_choice":{"type":"function","function":{"name":"third"}}"#,
                &["third"],
            ),
            (
                r#","messages":[{"role":"user","content":"q"},{"role":"tool","content":"4"}]"#,
                &[],
            ),
        ] {
            let body = format!("{{{TOOLS}{rest}}}");
            let calls = calls(&Ask::read(body.as_bytes()).unwrap());
            assert_eq!(
                calls
                    .iter()
                    .map(|call| call.name.as_str())
                    .collect::<Vec<_>>(),
                expected,
                "{rest}"
            );
        }
        let body = format!("{{{TOOLS}}}");
        let first = calls(&Ask::read(body.as_bytes()).unwrap()).remove(0);
        assert_eq!(first.arguments, r#"{"city":"Oslo"}"#);
    }
}
