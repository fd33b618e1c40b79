use proptest::prelude::*;

use super::*;

fn ids(body: &str) -> Vec<String> {
    let listing = read_listing(body.as_bytes(), "").unwrap();
    listing.models.into_iter().map(|model| model.id).collect()
}

#[test]
fn each_listing_shape() {
    for (shape, body) in [
        (
            "object list with data",
            r#"{"object":"list","data":[{"id":"a"},{"id":"b"}]}"#,
        ),
        ("data alone", r#"{"data":[{"id":"a"},{"id":"b"}]}"#),
        ("bare array", r#"[{"id":"a"},{"id":"b"}]"#),
        ("models", r#"{"models":[{"name":"a"},{"name":"b"}]}"#),
        ("bare array of strings", r#"["a","b"]"#),
        ("data of strings", r#"{"data":["a","b"]}"#),
        ("models of strings", r#"{"models":["a","b"]}"#),
        (
            "entries by model",
            r#"{"data":[{"model":"a"},{"model":"b"}]}"#,
        ),
        ("entries by key", r#"{"models":[{"key":"a"},{"key":"b"}]}"#),
        (
            "id before name",
            r#"{"data":[{"name":"A","id":"a"},{"id":"b","name":"B"}]}"#,
        ),
        (
            "data before models",
            r#"{"models":[{"name":"x"}],"data":[{"id":"a"},{"id":"b"}]}"#,
        ),
        (
            "models beside null data",
            r#"{"data":null,"models":["a","b"]}"#,
        ),
        (
            "null error",
            r#"{"error":null,"data":[{"id":"a"},{"id":"b"}]}"#,
        ),
        (
            "byte order mark and blank lines",
            "\u{feff}\n\n[\"a\",\"b\"]\n",
        ),
        (
            "mixed and repeated",
            r#"["a",{"id":"b"},{"name":"a"},{"id":"b"}]"#,
        ),
    ] {
        assert_eq!(ids(body), ["a", "b"], "{shape}");
    }
}

#[test]
fn empty_lists_are_no_fault() {
    for body in [
        r#"{"object":"list","data":null}"#,
        r#"{"data":[]}"#,
        "[]",
        r#"{"models":[]}"#,
        r#"{"models":null}"#,
    ] {
        assert!(ids(body).is_empty(), "{body}");
    }
}

#[test]
fn gemini_ids_lose_their_prefix_and_others_keep_it() {
    let body = br#"{"data":[{"id":"models/a"},{"id":"b"}]}"#;
    let first = |slug| read_listing(body, slug).unwrap().models.remove(0).id;
    assert_eq!(first("gemini"), "a");
    assert_eq!(first(""), "models/a");
    assert_eq!(ids(r#"[{"id":"models/a","owned_by":"google"}]"#), ["a"]);
}

#[test]
fn a_bad_entry_is_skipped_and_counted() {
    let long = "x".repeat(MAX_ID + 1);
    let body = format!(
        r#"{{"data":[null,1,[],{{}},{{"id":""}},{{"id":7}},{{"id":"a\u0007b"}},{{"id":"{long}"}}," ",{{"id":"good"}}]}}"#
    );
    let listing = read_listing(body.as_bytes(), "").unwrap();
    assert_eq!(listing.models.len(), 1);
    assert_eq!(listing.skipped, 9);
}

#[test]
fn what_is_out_of_service_is_left_out_without_counting() {
    let body = r#"[{"id":"a","active":false},{"id":"b","archived":true},{"id":"c","lifecycle":"retired"},
        {"id":"d","active":true,"archived":false,"lifecycle":"deprecated"}]"#;
    let listing = read_listing(body.as_bytes(), "").unwrap();
    assert_eq!((listing.models.len(), listing.skipped), (1, 0));
}

#[test]
fn an_odd_member_spoils_nothing() {
    let body = r#"[{"id":"a","created":"soon","owned_by":3,"context_length":"8192","pricing":7,"capabilities":9,
        "architecture":[],"supported_parameters":{},"type":[],"max_tokens":-1}]"#;
    let model = read_listing(body.as_bytes(), "openrouter")
        .unwrap()
        .models
        .remove(0);
    assert_eq!(
        (model.created, model.owned_by, model.max_output),
        (None, None, None)
    );
    assert_eq!(model.context_length, Some(8192));
    assert!(model.prices.is_unknown());
    assert_eq!(model.capabilities, Capabilities::UNKNOWN);
}

#[test]
fn the_entry_is_kept_as_it_came() {
    let body = r#"[{"id": "a",  "odd": [1.50, {"x": null}]}]"#;
    let model = read_listing(body.as_bytes(), "").unwrap().models.remove(0);
    assert_eq!(
        model.raw.get(),
        r#"{"id": "a",  "odd": [1.50, {"x": null}]}"#
    );
}

#[test]
fn what_is_no_listing_is_a_fault() {
    let upstream = |message: &str| ListingFault::Upstream(message.to_owned());
    for (body, expected) in [
        ("<!DOCTYPE html><html>", ListingFault::Html),
        ("", ListingFault::NotJson),
        ("Bad Gateway", ListingFault::NotJson),
        (r#"{"data":[{"id":"a"}"#, ListingFault::NotJson),
        (r#"[{"id":"a"},"#, ListingFault::NotJson),
        (r#"{"data":[]} trailing"#, ListingFault::NotJson),
        ("[] trailing", ListingFault::NotJson),
        ("17", ListingFault::NoList),
        ("{}", ListingFault::NoList),
        (r#"{"data":"a"}"#, ListingFault::NoList),
        (
            r#"{"error":{"message":"no key","code":401}}"#,
            upstream("no key"),
        ),
        (r#"{"error":"no key"}"#, upstream("no key")),
        (
            r#"{"error":{"message":"no key"},"data":[{"id":"a"}]}"#,
            upstream("no key"),
        ),
        (r#"[{"error":{"message":"no key"}}]"#, upstream("no key")),
        (
            r#"{"object":"error","message":"no key"}"#,
            upstream("no key"),
        ),
        (r#"{"error":{"detail":1}}"#, upstream(r#"{"detail":1}"#)),
    ] {
        assert_eq!(
            read_listing(body.as_bytes(), "").unwrap_err(),
            expected,
            "{body}"
        );
    }
    assert_eq!(
        read_listing(b"\xff\xfe", "").unwrap_err(),
        ListingFault::NotJson
    );
}

#[test]
fn pages_are_followed_by_link_or_cursor() {
    let url = |text: &str| Some(NextPage::Url(text.to_owned()));
    let after = |text: &str| Some(NextPage::After(text.to_owned()));
    for (members, expected) in [
        (
            r#""links":{"next":"https://x.test/models?offset=500"}"#,
            url("https://x.test/models?offset=500"),
        ),
        (r#""links":{"next":null}"#, None),
        (r#""has_more":true,"last_id":"z""#, after("z")),
        (r#""has_more":true"#, after("a")),
        (r#""has_more":false,"last_id":"z""#, None),
        (r#""next":"/v1/models?page=2""#, url("/v1/models?page=2")),
        (r#""next_page":"?page=2""#, url("?page=2")),
        (r#""next_page":"c2FtcGxl""#, after("c2FtcGxl")),
        (r#""next":"""#, None),
    ] {
        let body = format!(r#"{{"data":[{{"id":"a"}}],{members}}}"#);
        assert_eq!(
            read_listing(body.as_bytes(), "").unwrap().next,
            expected,
            "{members}"
        );
    }
}

#[test]
fn a_listing_is_bounded() {
    let entries: Vec<String> = (0..MAX_MODELS + 7).map(|n| format!("\"m{n}\"")).collect();
    let listing = read_listing(format!("[{}]", entries.join(",")).as_bytes(), "").unwrap();
    assert_eq!((listing.models.len(), listing.skipped), (MAX_MODELS, 7));
    let long = format!(r#"{{"error":"{}"}}"#, "é".repeat(MAX_MESSAGE));
    let ListingFault::Upstream(message) = read_listing(long.as_bytes(), "").unwrap_err() else {
        panic!("not an upstream fault");
    };
    assert!(message.len() <= MAX_MESSAGE);
}

#[test]
fn brackets_without_end_do_not_end_the_process() {
    for body in [
        "[".repeat(100_000),
        format!(r#"{{"data":{}"#, "[".repeat(100_000)),
        "{\"a\":".repeat(50_000),
    ] {
        assert_eq!(
            read_listing(body.as_bytes(), "").unwrap_err(),
            ListingFault::NotJson
        );
    }
}

#[test]
fn prices_of_an_unknown_unit_are_no_prices() {
    let body = br#"[{"id":"a","pricing":{"prompt":"0.1","input":3}}]"#;
    for slug in ["", "openai", "vllm"] {
        assert!(
            read_listing(body, slug).unwrap().models[0]
                .prices
                .is_unknown(),
            "{slug}"
        );
    }
}

#[test]
fn openrouters_discount_is_taken_off_and_its_zero_reasoning_is_not_free() {
    let body = br#"[{"id":"a","pricing":{"prompt":"0.000002","completion":"0.00001","internal_reasoning":"0","discount":0.25,
        "overrides":[{"min_prompt_tokens":1000,"prompt":"0.000004"},{"prompt":"9"},{"utc_start":2575,"utc_end":0}]}}]"#;
    let model = read_listing(body, "openrouter").unwrap().models.remove(0);
    let plain = |price: Option<rust_decimal::Decimal>| price.map(crate::price::plain);
    assert_eq!(plain(model.prices.prompt).as_deref(), Some("0.0000015"));
    assert_eq!(model.prices.reasoning, None);
    assert_eq!(model.price_rules.len(), 1);
    assert_eq!(
        plain(model.price_rules[0].prices.prompt).as_deref(),
        Some("0.000003")
    );
}

proptest! {
    #[test]
    fn no_bytes_panic(body in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = read_listing(&body, "openrouter");
    }

    #[test]
    fn no_json_entry_panics(id in "[a-z:/.-]{1,20}", member in "[a-z_]{1,20}", value in "(-?(0|[1-9][0-9]{0,30})|\"[a-z0-9.-]{0,20}\"|\\{\\}|\\[\\]|true|null)") {
        let body = format!(r#"{{"data":[{{"id":"{id}","{member}":{value}}}]}}"#);
        for slug in ["openrouter", "together", "xai", "ollama", "gemini", ""] {
            let listing = read_listing(body.as_bytes(), slug);
            let whole = listing.is_ok_and(|listing| listing.models.len() + listing.skipped <= 1);
            prop_assert!(whole || ["error", "id"].contains(&member.as_str()));
        }
    }
}
