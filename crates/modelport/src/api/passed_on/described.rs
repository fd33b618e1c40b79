//! What the endpoints that are passed on look like from outside: the fields that the gateway reads. All others reach the
//! provider as they are.

use serde_json::{Map, Value, json};

use crate::{
    error::Envelope,
    proxy::surface::{Answers, Bodies, Surface},
};

/// What is said of one endpoint.
struct Words {
    summary: &'static str,
    more: &'static str,
    /// The fields of its requests, by the names of [`fields`], beside `model`.
    fields: &'static [&'static str],
    /// Those without which no provider answers.
    needed: &'static [&'static str],
    /// Whether answers can be streamed.
    streams: bool,
    /// Its answer's shape, by its name in [`schemas`].
    answer: &'static str,
}

fn words(surface: Surface) -> Words {
    let of = |summary, fields, needed, answer| Words {
        summary,
        more: "",
        fields,
        needed,
        streams: false,
        answer,
    };
    let streamed = |words| Words {
        streams: true,
        ..words
    };
    match surface {
        Surface::ChatCompletions => streamed(Words {
            more: "Works with every provider.",
            ..of("A chat completion", &CHAT, &["messages"], "ChatCompletion")
        }),
        Surface::Completions => streamed(of(
            "A text completion",
            &[
                "prompt",
                "stream",
                "stream_options",
                "max_tokens",
                "n",
                "stop",
            ],
            &["prompt"],
            "Answer",
        )),
        Surface::Responses => streamed(Words {
            more: "By a provider's own Responses API where it has one, else put into chat completions and back; what those cannot say is refused by its name.",
            ..of("A response", &RESPONSES, &["input"], "Answer")
        }),
        Surface::Messages => streamed(Words {
            more: "By a provider's own Messages API where it has one, else put into chat completions and back; what those cannot say is refused by its name.",
            ..of(
                "A message, as Anthropic has it",
                &MESSAGES,
                &["model", "max_tokens", "messages"],
                "Answer",
            )
        }),
        Surface::CountTokens => Words {
            more: "Estimated where the provider does not count.",
            ..of(
                "How many tokens a message has",
                &["messages", "system", "tools"],
                &["model", "messages"],
                "Answer",
            )
        },
        Surface::Embeddings => of("Embeddings", &["input"], &["input"], "Answer"),
        Surface::Moderations => of("A moderation", &["input"], &["input"], "Answer"),
        Surface::Rerank => of(
            "Documents in order of their relevance",
            &["query", "documents"],
            &["query", "documents"],
            "Answer",
        ),
        Surface::ImageGenerations => streamed(of(
            "Images",
            &["prompt", "n", "stream"],
            &["prompt"],
            "Answer",
        )),
        Surface::ImageEdits => streamed(of(
            "Changed images",
            &["image", "prompt", "n", "stream"],
            &["image", "prompt"],
            "Answer",
        )),
        Surface::ImageVariations => of(
            "Variations of an image",
            &["image", "n"],
            &["image"],
            "Answer",
        ),
        Surface::Speech => of(
            "Speech",
            &["input", "voice", "stream_format"],
            &["input"],
            "Answer",
        ),
        Surface::Transcriptions => streamed(of(
            "What is said in a recording",
            &["file", "stream"],
            &["file"],
            "Answer",
        )),
        Surface::Translations => of("The same in English", &["file"], &["file"], "Answer"),
    }
}

const CHAT: [&str; 13] = [
    "messages",
    "stream",
    "stream_options",
    "max_tokens",
    "max_completion_tokens",
    "n",
    "stop",
    "tools",
    "tool_choice",
    "response_format",
    "temperature",
    "seed",
    "user",
];

const RESPONSES: [&str; 7] = [
    "input",
    "instructions",
    "stream",
    "max_output_tokens",
    "tools",
    "tool_choice",
    "previous_response_id",
];

const MESSAGES: [&str; 8] = [
    "messages",
    "max_tokens",
    "system",
    "stream",
    "tools",
    "tool_choice",
    "stop_sequences",
    "thinking",
];

/// A field of requests.
fn field(surface: Surface, name: &str) -> Value {
    let items = |schema: Value| json!({"type": "array", "items": schema});
    let text_or_more = || json!({"type": ["string", "array"]});
    let whole = || json!({"type": ["integer", "null"], "minimum": 1});
    match name {
        "stream" => {
            json!({"type": ["boolean", "null"], "default": false, "description": "Whether the answer comes as server-sent events."})
        }
        "stream_options" => json!({
            "type": ["object", "null"],
            "properties": {"include_usage": {"type": ["boolean", "null"]}},
            "description": "Whether a stream tells at its end what was used.",
        }),
        "messages" => json!({
            "type": "array",
            "items": {"type": "object", "properties": {"role": {"type": "string"}, "content": {}}},
            "description": "The conversation.",
        }),
        "max_tokens" | "max_completion_tokens" | "max_output_tokens" => {
            json!({"type": ["integer", "null"], "minimum": 1, "description": "How long the answer may be; what is set apart of limits and budgets goes by it."})
        }
        "n" => whole(),
        "temperature" => json!({"type": ["number", "null"]}),
        "seed" => json!({"type": ["integer", "null"]}),
        "tools" | "documents" => items(json!({})),
        "image" | "file" => {
            json!({"type": "string", "contentMediaType": "application/octet-stream", "description": "A file."})
        }
        "input" if surface == Surface::Speech => json!({"type": "string"}),
        "input" | "prompt" | "stop" | "system" => text_or_more(),
        "stop_sequences" => items(json!({"type": "string"})),
        "response_format" | "thinking" => json!({"type": ["object", "null"]}),
        _ => json!({"description": "As the provider takes it."}),
    }
}

/// The description of `POST` at a surface.
pub fn described(surface: Surface) -> Value {
    let words = words(surface);
    let mut operation = json!({
        "tags": ["Models"],
        "summary": words.summary,
        "operationId": surface.path().trim_start_matches('/').replace('/', "_"),
        "requestBody": {"required": true, "content": bodies(surface, &words)},
        "responses": {"200": {"description": "The provider's answer.", "content": answers(surface, &words)}},
        "security": [{"caller": []}],
        "x-also-at": surface.path(),
        "x-passed-on": true,
    });
    if !words.more.is_empty() {
        operation["description"] = json!(words.more);
    }
    match surface.envelope() {
        Envelope::OpenAi => {}
        Envelope::Anthropic => operation["x-anthropic"] = json!(true),
    }
    operation
}

fn bodies(surface: Surface, words: &Words) -> Value {
    let schema = match surface {
        Surface::ChatCompletions => json!({"$ref": "#/components/schemas/ChatRequest"}),
        _ => request(surface, words),
    };
    let example = example(surface, words);
    match surface.bodies() {
        Bodies::Json => json!({"application/json": {"schema": schema, "example": example}}),
        Bodies::Forms => json!({
            "multipart/form-data": {"schema": schema},
            "application/json": {"schema": schema},
        }),
    }
}

/// The shape of a request.
fn request(surface: Surface, words: &Words) -> Value {
    let mut fields = Map::new();
    let model = "A model, an alias or a route, or `provider:model`; the preferred provider's default where it is left out.";
    fields.insert(
        "model".to_owned(),
        json!({"type": ["string", "null"], "minLength": 1, "description": model}),
    );
    for name in words.fields {
        fields.insert((*name).to_owned(), field(surface, name));
    }
    json!({
        "type": "object",
        "required": words.needed,
        "properties": fields,
        "additionalProperties": true,
    })
}

fn example(surface: Surface, words: &Words) -> Value {
    let hello = json!([{"role": "user", "content": "Hello!"}]);
    let mut example = json!({"model": "openai/gpt-4o-mini"});
    for name in words.needed {
        example[*name] = match *name {
            "model" => continue,
            "messages" => hello.clone(),
            "max_tokens" => json!(500),
            "documents" => json!(["one", "two"]),
            _ => json!("Hello!"),
        };
    }
    if surface == Surface::Speech {
        example["voice"] = json!("alloy");
    }
    example
}

fn answers(surface: Surface, words: &Words) -> Value {
    let schema = json!({"$ref": format!("#/components/schemas/{}", words.answer)});
    let mut answers = json!({"application/json": {"schema": schema}});
    if words.streams {
        answers["text/event-stream"] = json!({});
    }
    match surface.answers() {
        Answers::Json => {}
        Answers::Labelled => answers["*/*"] = json!({"schema": {}}),
    }
    answers
}

/// The shapes that these endpoints name.
pub fn schemas() -> Value {
    let chat = Surface::ChatCompletions;
    json!({
        "ChatRequest": request(chat, &words(chat)),
        "ChatCompletion": {
            "type": "object",
            "description": "As the provider wrote it.",
            "properties": {
                "id": {"type": "string"},
                "object": {"type": "string"},
                "created": {"type": "integer"},
                "model": {"type": "string"},
                "choices": {"type": "array", "items": {"type": "object"}},
                "usage": {"type": ["object", "null"]},
            },
        },
        "Answer": {"type": "object", "description": "As the provider wrote it."},
    })
}
