use super::*;
use crate::failure::read_error_body;

/// What is learned from a body, as `field/capability`.
fn learned(body: &str) -> Option<String> {
    let lesson = lesson(&read_error_body(body.as_bytes()).unwrap())?;
    let field = lesson.field.as_deref().unwrap_or("-");
    let capability = lesson.capability.map_or("-", Capability::as_str);
    Some(format!("{field}/{capability}"))
}

fn said(message: &str) -> String {
    serde_json::json!({"error": {"message": message}}).to_string()
}

#[test]
fn a_refused_field_is_learned_from_recorded_errors() {
    let cases: [(&str, Option<&str>); 12] = [
        (
            include_str!("../../../tests/recorded/ollama/error_400_no_tools.json"),
            Some("tools/tools"),
        ),
        (
            include_str!("../../../tests/recorded/openai/error_400_max_tokens.json"),
            Some("max_tokens/-"),
        ),
        (
            include_str!("../../../tests/recorded/openai/error_400_unknown_parameter.json"),
            Some("top_k/-"),
        ),
        (
            include_str!("../../../tests/recorded/openai/error_400_unrecognized_argument.json"),
            Some("top_k/-"),
        ),
        (
            include_str!("../../../tests/recorded/mistral/error_422_extra_field.json"),
            Some("top_k/-"),
        ),
        (
            include_str!("../../../tests/recorded/xai/error_400_object.json"),
            Some("presence_penalty/-"),
        ),
        (
            include_str!("../../../tests/recorded/openai/error_400_context_length.json"),
            None,
        ),
        (
            include_str!("../../../tests/recorded/mistral/error_422_detail.json"),
            None,
        ),
        (
            include_str!("../../../tests/recorded/groq/error_400_tool_use_failed.json"),
            None,
        ),
        (
            include_str!("../../../tests/recorded/deepseek/error_400_reasoning_content.json"),
            None,
        ),
        (
            include_str!("../../../tests/recorded/openai/error_404_model.json"),
            None,
        ),
        (
            include_str!("../../../tests/recorded/vllm/error_404_model.json"),
            None,
        ),
    ];
    for (body, expected) in cases {
        assert_eq!(learned(body).as_deref(), expected, "{body}");
    }
}

#[test]
fn a_missing_ability_is_learned_from_what_servers_say() {
    for (message, expected) in [
        // vLLM without its tool parser.
        (
            "\"auto\" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set",
            Some("tools/tools"),
        ),
        // llama.cpp.
        ("tools param requires --jinja flag", Some("tools/tools")),
        (
            "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj",
            Some("-/vision"),
        ),
        // OpenRouter.
        (
            "No endpoints found that support tool use. Try disabling \"question\". To learn more about provider routing, visit: https://openrouter.ai/docs",
            Some("tools/tools"),
        ),
        (
            "No endpoints found that support image input",
            Some("-/vision"),
        ),
        (
            "No endpoints found that support the provided 'tool_choice' value. To learn more",
            None,
        ),
        // OpenAI.
        (
            "Invalid content type. image_url is only supported by certain models.",
            Some("-/vision"),
        ),
        (
            "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value is supported.",
            None,
        ),
        (
            "Unrecognized request argument supplied: reasoning_effort",
            Some("reasoning_effort/reasoning"),
        ),
        // Groq.
        (
            "This model does not support response format `json_schema`.",
            Some("-/json_schema"),
        ),
        (
            "`tool calling` is not supported with this model",
            Some("tools/tools"),
        ),
        // Bedrock's list of what it knows is no list of what it refuses.
        (
            "Failed to deserialize the JSON body into the target type: unknown field `thinking`, expected one of `messages`, `tools`, `stream` at line 1",
            Some("thinking/-"),
        ),
        // Ollama; the model's name says "vision".
        (
            "\"llama3.2-vision:latest\" does not support thinking",
            Some("reasoning_effort/reasoning"),
        ),
        ("Invalid 'tools[0].function.name': empty string", None),
        ("The response was filtered", None),
        ("", None),
    ] {
        assert_eq!(learned(&said(message)).as_deref(), expected, "{message}");
    }
}

#[test]
fn the_blamed_parameter_outweighs_the_text() {
    let blames = |param: &str, message: &str| {
        let body = serde_json::json!({"error": {"message": message, "param": param, "code": "unsupported_parameter"}});
        learned(&body.to_string())
    };
    for (param, message, expected) in [
        (
            "parallel_tool_calls",
            "Unsupported parameter: 'parallel_tool_calls' is not supported with this model.",
            Some("parallel_tool_calls/parallel_tools"),
        ),
        (
            "response_format",
            "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.",
            Some("-/json_schema"),
        ),
        (
            "reasoning.effort",
            "Unsupported parameter: 'reasoning.effort' is not supported with this model.",
            Some("-/reasoning"),
        ),
        (
            "messages[0].content",
            "images are not supported",
            Some("-/vision"),
        ),
        ("model", "the model is wrong", None),
        ("logprobs", "not here", Some("logprobs/-")),
        ("tools[0].function.strict", "not supported", None),
    ] {
        assert_eq!(blames(param, message).as_deref(), expected, "{message}");
    }
}

proptest::proptest! {
    #[test]
    fn no_text_panics(message in ".{0,80}", refusal in proptest::sample::select(&MISSING[..]), param in ".{0,20}") {
        let said = ErrorBody { message: format!("{message}{refusal}: {param}"), param: Some(param), ..ErrorBody::default() };
        let _ = lesson(&said);
    }
}
