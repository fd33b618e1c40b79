use super::*;
use crate::price::plain;

fn read(text: &str) -> Result<Overrides, String> {
    read_overrides(text, &["openai_compatible", "home"]).map_err(|fault| fault.to_string())
}

#[test]
fn an_entry_is_read_field_by_field() {
    let overrides = read(
        r#"{"openai":{"gpt-4o":{"mode":"chat","max_in":1000,"max_out":10,"price":{"in":2e-6,"completion":"0.000009","cache_read":0},
            "caps":["json_schema","tools","tool_choice"],"lacks":["vision"]}},
            "home":{"a:b/c":{"max_out":7},"e":{"mode":"embedding"}}}"#,
    )
    .unwrap();
    assert_eq!(overrides.len(), 3);
    let entry = overrides.get("openai", "gpt-4o").unwrap();
    assert_eq!((entry.max_input, entry.max_output), (Some(1000), Some(10)));
    assert_eq!(entry.prices.prompt.map(plain).as_deref(), Some("0.000002"));
    assert_eq!(
        entry.prices.completion.map(plain).as_deref(),
        Some("0.000009")
    );
    assert_eq!(entry.prices.cached_prompt.map(plain).as_deref(), Some("0"));
    assert_eq!(entry.prices.cache_write, None);
    let abilities = entry.capabilities;
    assert!(abilities.has(Capability::Chat) && abilities.has(Capability::JsonMode));
    assert!(abilities.has(Capability::Tools) && abilities.lacks(Capability::Vision));
    assert_eq!(
        abilities.source(Capability::Tools),
        Some(Source::Configured)
    );
    assert_eq!(overrides.get("home", "a:b/c").unwrap().max_input, None);
    let embedding = overrides.get("home", "e").unwrap().capabilities;
    assert!(embedding.lacks(Capability::Chat) && embedding.has(Capability::Embeddings));
    assert_eq!(overrides.get("openai", "gpt-4"), None);
    assert!(read("{}").unwrap().is_empty());
}

#[test]
fn searches_are_priced_by_size_beside_the_other_prices() {
    for text in [
        r#"{"openai":{"m":{"price":{"in":2e-6,"citation":1e-6},"per_search":{"low":0.005,"high":0.012}}}}"#,
        r#"{"openai":{"m":{"per_search":{"low":0.005,"high":0.012},"price":{"in":2e-6,"citation":1e-6}}}}"#,
    ] {
        let overrides = read(text).unwrap();
        let prices = overrides.get("openai", "m").unwrap().prices;
        let told = [
            prices.prompt,
            prices.citation,
            prices.search_low,
            prices.search,
            prices.search_high,
        ];
        let told = told.map(|price| price.map_or_else(|| "-".to_owned(), plain));
        assert_eq!(told, ["0.000002", "0.000001", "0.005", "-", "0.012"]);
    }
}

#[test]
fn two_words_on_one_model_are_one() {
    let strong = Override {
        max_input: Some(1),
        ..Override::default()
    };
    let weak = Override {
        max_input: Some(2),
        max_output: Some(3),
        ..Override::default()
    };
    let both = strong.or(&weak);
    assert_eq!((both.max_input, both.max_output), (Some(1), Some(3)));
}

#[test]
fn what_cannot_be_used_is_told_with_its_place() {
    for (text, expected) in [
        (
            "{\"openai\":\n {\"m\":{\"max_in\":\"a lot\"}}}",
            "2:17: openai.m.max_in is \"a lot\", not a whole number above zero. Write the number alone, without quotes.",
        ),
        (
            r#"{"opnai":{}}"#,
            "1:10: opnai is no provider and no section of the catalogue. Known are: openai_compatible, home, anthropic, azure,",
        ),
        (
            r#"{"openai":{"m":{"context":5}}}"#,
            "1:27: openai.m.context cannot be set for a model of openai. The fields are mode, max_in, max_out, price, per_search, caps and lacks.",
        ),
        (
            r#"{"openai":{"m":{"price":{"input":1}}}}"#,
            "1:34: openai.m.price.input is no price. The prices are in, out,",
        ),
        (
            r#"{"openai":{"m":{"price":{"in":3}}}}"#,
            "1:31: openai.m.price.in is 3 dollars for one token. Write US dollars per token, such as 0.000003",
        ),
        (
            r#"{"openai":{"m":{"price":{"in":-1}}}}"#,
            "1:31: openai.m.price.in is -1, no price.",
        ),
        (
            r#"{"openai":{"m":{"per_search":{"huge":1}}}}"#,
            "1:38: openai.m.per_search.huge is no size of a search. The sizes are low, medium and high;",
        ),
        (
            r#"{"openai":{"m":{"per_search":{"low":"much"}}}}"#,
            "1:37: openai.m.per_search.low is \"much\", no price. Write US dollars per search,",
        ),
        (
            r#"{"openai":{"m":{"caps":["telepathy"]}}}"#,
            "1:25: openai.m.caps holds \"telepathy\", which is no capability. The capabilities are chat,",
        ),
        (
            r#"{"openai":{"m":{"mode":"talk"}}}"#,
            "1:24: openai.m.mode is \"talk\", which is no mode.",
        ),
        (
            "{\"openai\":{\"m\":{}",
            "1:17: is where the JSON breaks off or goes wrong.",
        ),
        ("[]", "1:1: is [], not an object."),
    ] {
        let fault = read(text).unwrap_err();
        assert!(fault.starts_with(expected), "{fault}\nis not\n{expected}");
    }
}

#[test]
fn the_catalogue_s_own_rows_are_accepted_less_their_extras() {
    let data: serde_json::Value = serde_json::from_str(super::super::DATA).unwrap();
    let mut models = serde_json::Map::new();
    for (name, section) in data["models"].as_object().unwrap() {
        let mut rows = serde_json::Map::new();
        for (id, row) in section.as_object().unwrap() {
            let kept = ["max_in", "max_out", "caps"];
            let row = row.as_object().unwrap().iter();
            let row = row.filter(|(field, _)| kept.contains(&field.as_str()));
            rows.insert(
                id.clone(),
                row.map(|(field, value)| (field.clone(), value.clone()))
                    .collect::<serde_json::Map<_, _>>()
                    .into(),
            );
        }
        models.insert(name.clone(), rows.into());
    }
    let whole = serde_json::json!({"_meta": data["_meta"], "models": models});
    assert_eq!(read(&whole.to_string()).unwrap().len(), 1857);
}
