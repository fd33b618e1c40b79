use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{profiles, splice::read_ask};

/// What `body` becomes for the provider `slug` under `policy`, and the receipt; or the field that is refused.
fn adapted(slug: &str, policy: Policy, body: &str) -> Result<(String, String), String> {
    adapted_for(slug, policy, body, "m")
}

fn adapted_for(
    slug: &str,
    policy: Policy,
    body: &str,
    model: &str,
) -> Result<(String, String), String> {
    adapted_after(slug, policy, body, model, &[])
}

fn adapted_after(
    slug: &str,
    policy: Policy,
    body: &str,
    model: &str,
    refused: &[Box<str>],
) -> Result<(String, String), String> {
    let profile = match slug {
        "ollama" => &profiles::OLLAMA,
        slug => profiles::by_slug(slug).unwrap(),
    };
    let target = Target {
        parameters: &profile.parameters,
        catalogue: profile.catalogue,
        model,
        known_as: model,
        policy,
        refused,
        wants_usage: true,
    };
    let body = Bytes::copy_from_slice(body.as_bytes());
    let ask = read_ask(&body).unwrap();
    let adapted = adapt(&body, &ask, &target).map_err(|refusal| refusal.field)?;
    let sent = String::from_utf8(adapted.body.into_bytes().to_vec()).unwrap();
    Ok((sent, adapted.receipt.to_string()))
}

#[track_caller]
fn check(slug: &str, body: &str, sent: &str, receipt: &str) {
    let warned = adapted(slug, Policy::Warn, body).unwrap();
    assert_eq!(warned, (sent.to_owned(), receipt.to_owned()), "{slug}");
    let passed = adapted(slug, Policy::Pass, body).unwrap();
    assert_eq!(passed, (body.to_owned(), String::new()), "{slug}");
}

#[test]
fn mistral_gets_only_what_it_knows() {
    check(
        "mistral",
        r#"{"model":"m","messages":[],"seed":1,"max_completion_tokens": 5,"stream":true,"stream_options":{"include_usage":true},"user":"u"}"#,
        r#"{"model":"m","messages":[],"random_seed":1,"max_tokens": 5,"stream":true}"#,
        "seed=mapped:random_seed, max_completion_tokens=mapped:max_tokens, stream_options=dropped, user=dropped",
    );
    check(
        "mistral",
        r#"{"model":"m","messages":[{"role":"developer","content":"x","refusal":null,"annotations":[]}],"reasoning_effort":"low"}"#,
        r#"{"model":"m","messages":[{"role":"system","content":"x"}],"reasoning_effort":"high"}"#,
        "reasoning_effort=mapped:high, messages[].role=mapped:system, messages[].refusal=dropped, messages[].annotations=dropped",
    );
}

#[test]
fn the_older_limit_where_the_newer_is_unknown() {
    for slug in [
        "together",
        "deepseek",
        "mistral",
        "fireworks",
        "tgi",
        "lm_studio",
        "ollama",
        "ollama_v1",
    ] {
        check(
            slug,
            r#"{"max_completion_tokens":7,"model":"m"}"#,
            r#"{"max_tokens":7,"model":"m"}"#,
            "max_completion_tokens=mapped:max_tokens",
        );
    }
    check(
        "ollama",
        r#"{"max_tokens":9,"model":"m","max_completion_tokens":7}"#,
        r#"{"model":"m","max_tokens":7}"#,
        "max_completion_tokens=mapped:max_tokens, max_tokens=dropped",
    );
}

#[test]
fn the_newer_limit_where_a_model_reasons() {
    let body = r#"{"model":"m","max_tokens":7}"#;
    let sent = |slug, model| adapted_for(slug, Policy::Warn, body, model).unwrap().0;
    assert_eq!(
        sent("openai", "gpt-5"),
        r#"{"model":"gpt-5","max_completion_tokens":7}"#
    );
    assert_eq!(
        sent("azure", "o3-mini"),
        r#"{"model":"o3-mini","max_completion_tokens":7}"#
    );
    assert_eq!(
        sent("openai", "gpt-4o-mini"),
        r#"{"model":"gpt-4o-mini","max_tokens":7}"#
    );
    assert_eq!(
        sent("openai", "nobody-knows"),
        r#"{"model":"nobody-knows","max_tokens":7}"#
    );
}

#[test]
fn values_and_members_that_a_provider_refuses() {
    check(
        "groq",
        r#"{"model":"m","n":2,"logprobs":true,"reasoning_effort":"xhigh","messages":[{"role":"assistant","name":"a","content":null,"tool_calls":[null]}]}"#,
        r#"{"model":"m","reasoning_effort":"high","messages":[{"role":"assistant","tool_calls":[null]}]}"#,
        "n=dropped, logprobs=dropped, reasoning_effort=mapped:high, messages[].name=dropped, messages[].content=dropped",
    );
    check(
        "groq",
        r#"{"model":"m","n":1}"#,
        r#"{"model":"m","n":1}"#,
        "",
    );
    check(
        "together",
        r#"{"model":"m","logprobs":true}"#,
        r#"{"model":"m","logprobs":1}"#,
        "logprobs=mapped:1",
    );
    check(
        "together",
        r#"{"logprobs":true,"top_logprobs":5,"model":"m"}"#,
        r#"{"logprobs":5,"model":"m"}"#,
        "logprobs=mapped:1, top_logprobs=mapped:logprobs, logprobs=dropped",
    );
    check(
        "anthropic",
        r#"{"response_format":{"type":"json_object"},"model":"m","user":null}"#,
        r#"{"model":"m"}"#,
        "response_format=dropped",
    );
    let stop = |model| adapted_for("xai", Policy::Warn, r#"{"model":"m","stop":["x"]}"#, model);
    assert_eq!(stop("grok-4.20-0309-reasoning").unwrap().1, "stop=dropped");
    assert_eq!(stop("nobody-knows").unwrap().1, "");
}

#[test]
fn a_strict_policy_names_the_field() {
    let strict = |slug, body| adapted(slug, Policy::Strict, body);
    let refused = |field: &str| Err(field.to_owned());
    assert_eq!(
        strict("mistral", r#"{"model":"m","user":"u"}"#),
        refused("user")
    );
    assert_eq!(
        strict("ollama", r#"{"model":"m","max_completion_tokens":1}"#),
        refused("max_completion_tokens")
    );
    assert_eq!(
        strict("vllm", r#"{"messages":[{"role":"developer"}]}"#),
        refused("messages[].role")
    );
    let sound = r#"{"model":"m","user":null,"temperature":1}"#;
    assert_eq!(
        strict("mistral", sound).unwrap().0,
        r#"{"model":"m","temperature":1}"#
    );
}

#[test]
fn odd_requests_are_the_providers_to_refuse() {
    check(
        "vllm",
        r#"{"model":"m","messages":"developer"}"#,
        r#"{"model":"m","messages":"developer"}"#,
        "",
    );
    check(
        "vllm",
        r#"{"model":"m","messages":["developer",[{"role":"developer"}],{"role":["developer"]}]}"#,
        r#"{"model":"m","messages":["developer",[{"role":"developer"}],{"role":["developer"]}]}"#,
        "",
    );
    let escaped = adapted("mistral", Policy::Warn, r#"{"us\u0065r":"u","model":"m"}"#);
    assert_eq!(
        escaped.unwrap(),
        (r#"{"model":"m"}"#.to_owned(), "user=dropped".to_owned())
    );
    let all_gone = adapted("mistral", Policy::Warn, r#" { "user" : "u" } "#);
    assert_eq!(all_gone.unwrap().0, r#" {"model":"m"  } "#);
}

const FIELDS: [&str; 9] = [
    "model",
    "messages",
    "user",
    "seed",
    "n",
    "stream_options",
    "max_tokens",
    "max_completion_tokens",
    "temperature",
];

proptest! {
    /// However fields are ordered and whichever go, what is sent is JSON, holds the others as they were, and the receipt tells
    /// of each that is not there as it was.
    #[test]
    fn what_is_sent_and_what_is_told_add_up(
        fields in proptest::sample::subsequence(&FIELDS, 0..FIELDS.len()).prop_shuffle(),
        slug in proptest::sample::select(vec!["mistral", "groq", "ollama", "anthropic", "tgi"]),
    ) {
        let value = |field: &str| match field {
            "messages" => json!([{"role": "developer", "content": "developer", "name": null}]),
            "model" => json!("m"),
            "stream_options" => json!({}),
            _ => json!(3),
        };
        let body: Vec<String> = fields.iter().map(|field| format!("\"{field}\" :{}", value(field))).collect();
        let body = format!("{{ {} }}", body.join(" ,"));
        let (sent, receipt) = adapted(slug, Policy::Warn, &body).unwrap();
        let sent: Value = serde_json::from_str(&sent).map_err(|error| TestCaseError::fail(format!("{error}: {sent}")))?;
        prop_assert_eq!(&sent["model"], "m");
        for field in fields {
            let as_it_was = sent.get(field) == Some(&value(field));
            let told = receipt.contains(field);
            prop_assert!(as_it_was || told, "{} of {:?}: {} {}", field, body, sent, receipt);
        }
    }
}

#[test]
fn a_stream_is_asked_for_its_usage_where_it_tells_it_on_request_only() {
    let usage = r#""stream_options":{"include_usage":true}"#;
    let vllm = |body: &str| adapted("vllm", Policy::Warn, body).unwrap();
    let added = |sent: String| (sent, "stream_options=added".to_owned());
    let as_sent = |body: &str| (body.to_owned(), String::new());
    assert_eq!(
        vllm(r#"{"model":"m","stream":true }"#),
        added(format!(r#"{{"model":"m","stream":true,{usage} }}"#))
    );
    assert_eq!(
        vllm(r#"{"stream_options": null,"model":"m","stream":true}"#),
        added(r#"{"stream_options": {"include_usage":true},"model":"m","stream":true}"#.to_owned())
    );
    assert_eq!(
        vllm(r#"{"model":"m","stream":true,"stream_options":{"a":[1], "include_usage" : false}}"#),
        added(
            r#"{"model":"m","stream":true,"stream_options":{"a":[1], "include_usage" : true}}"#
                .to_owned()
        )
    );
    assert_eq!(
        vllm(r#"{"model":"m","stream":true,"stream_options":{ "a":1}}"#),
        added(
            r#"{"model":"m","stream":true,"stream_options":{ "include_usage":true,"a":1}}"#
                .to_owned()
        )
    );
    for body in [
        r#"{"model":"m"}"#,
        r#"{"model":"m","stream":false}"#,
        r#"{"model":"m","stream":true,"stream_options":{"include_usage":true}}"#,
        r#"{"model":"m","stream":true,"stream_options":{}}"#,
    ] {
        assert_eq!(vllm(body), as_sent(body));
    }
    let body = r#"{"model":"m","stream":true}"#;
    assert_eq!(adapted("vllm", Policy::Pass, body).unwrap(), as_sent(body));
    assert_eq!(adapted("groq", Policy::Warn, body).unwrap(), as_sent(body));
    // Where fields are dropped too, and the model is another.
    let tgi = adapted(
        "tgi",
        Policy::Warn,
        r#"{"model":"m","stream":true,"user":"u"}"#,
    )
    .unwrap();
    assert_eq!(tgi.0, format!(r#"{{"model":"m","stream":true,{usage}}}"#));
}

#[test]
fn what_was_refused_is_left_out_unless_it_decides_what_is_asked_for() {
    let refused = ["seed", "random_seed", "tools", "max_tokens", "stream"].map(Box::from);
    let after = |slug: &str, policy, body: &str| adapted_after(slug, policy, body, "m", &refused);
    let body = r#"{"model":"m","seed":1,"tools":[],"max_tokens":2,"stream":false,"top_p":1}"#;
    let (sent, receipt) = after("vllm", Policy::Warn, body).unwrap();
    assert_eq!(
        sent,
        r#"{"model":"m","tools":[],"max_tokens":2,"stream":false,"top_p":1}"#
    );
    assert_eq!(receipt, "seed=dropped");
    assert_eq!(after("vllm", Policy::Strict, body), Err("seed".to_owned()));
    let passed = after("vllm", Policy::Pass, body).unwrap();
    assert_eq!(passed, (body.to_owned(), String::new()));
    // By the name that it goes out under.
    let renamed = after("mistral", Policy::Warn, r#"{"model":"m","seed":1}"#).unwrap();
    let left = (r#"{"model":"m"}"#.to_owned(), "seed=dropped".to_owned());
    assert_eq!(renamed, left);
}

#[test]
fn a_stream_is_not_asked_for_its_usage_where_that_was_refused() {
    let body = r#"{"model":"m","stream":true}"#;
    let refused = ["stream_options".into()];
    let vllm = adapted_after("vllm", Policy::Warn, body, "m", &refused).unwrap();
    assert_eq!(vllm, (body.to_owned(), String::new()));
}
