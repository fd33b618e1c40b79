use std::fmt::Write;

use proptest::prelude::*;
use serde_json::{Map, Value};

use super::form;

fn same(one: &str, other: &str) {
    assert!(form(one.as_bytes()).is_some(), "{one}");
    assert_eq!(
        form(one.as_bytes()),
        form(other.as_bytes()),
        "{one} {other}"
    );
}

fn different(one: &str, other: &str) {
    let (one_form, other_form) = (form(one.as_bytes()), form(other.as_bytes()));
    assert!(one_form.is_some() && other_form.is_some(), "{one} {other}");
    assert_ne!(one_form, other_form, "{one} {other}");
}

#[test]
fn the_order_of_members_says_nothing_at_any_level() {
    same(
        r#"{"a":1,"b":{"c":[{"d":2,"e":3}],"f":4}}"#,
        r#"{"b":{"f":4,"c":[{"e":3,"d":2}]},"a":1}"#,
    );
    different(r#"{"a":1,"b":2}"#, r#"{"a":2,"b":1}"#);
    different(r#"{"a":{"b":1}}"#, r#"{"a":{},"b":1}"#);
}

#[test]
fn the_order_of_elements_and_of_namesakes_does() {
    different("[1,2]", "[2,1]");
    different("[[1],2]", "[[1,2]]");
    different("[12]", "[1,2]");
    different(r#"{"a":1,"a":2}"#, r#"{"a":2,"a":1}"#);
    different(r#"{"a":1,"\u0061":2}"#, r#"{"\u0061":2,"a":1}"#);
    same(r#"{"a":1,"b":0,"a":2}"#, r#"{"b":0,"a":1,"a":2}"#);
    different(r#"{"a":1}"#, r#"{"a":1,"a":1}"#);
}

#[test]
fn space_says_nothing_but_in_strings() {
    same("{\"a\":[1,true]}", " {\r\n\t\"a\" : [ 1 ,\ttrue ]\n} ");
    different(r#"["a b"]"#, r#"["ab"]"#);
    different(r#"["a"," b"]"#, r#"["a ","b"]"#);
    same("{}", "{ }");
    same("[]", "[\n]");
    different("[]", "{}");
}

#[test]
fn escapes_are_read_where_they_say_what_they_mean() {
    same(r#"["\u00e9\n\/"]"#, "[\"é\\u000a/\"]");
    same(r#"["\ud83d\ude00"]"#, "[\"😀\"]");
    same(r#"{"\u006dodel":1}"#, r#"{"model":1}"#);
    different(r#"["\ud800"]"#, r#"["\ud801"]"#);
    different(r#"["\ud800"]"#, "[\"\u{fffd}\"]");
    different(r#"["\\n"]"#, r#"["\n"]"#);
    different(r#"["\""]"#, r#"["\\\""]"#);
    different(r#"["a\",\"b"]"#, r#"["a","b"]"#);
}

#[test]
fn numbers_and_words_stay_as_they_are_written() {
    different("[1]", "[1.0]");
    different("[1e1]", "[10]");
    different("[1]", "[\"1\"]");
    different("[null]", "[\"null\"]");
    different("[0.1]", "[0.10]");
    different("[-0]", "[0]");
}

#[test]
fn what_nests_too_deep_has_no_form() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(form(nested(128).as_bytes()).is_some());
    assert!(form(nested(129).as_bytes()).is_none());
    let objects = r#"{"a":"#.repeat(10_000) + "1" + &"}".repeat(10_000);
    assert!(form(objects.as_bytes()).is_none());
}

#[test]
fn what_is_no_json_has_no_form_or_any() {
    for text in [
        "", "{", "[1", "\"a", "\"a\\", "{\"a\"}", "{1:2}", "1 2", "{\"a\":}",
    ] {
        assert!(form(text.as_bytes()).is_none(), "{text}");
    }
}

/// Any value, with few names and words, so that some of them meet.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (0..3_u8).prop_map(Value::from),
        "[a-c\"\\\\é\u{1}{}\\[\\],:]{0,3}".prop_map(Value::String),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec(("[ab\"é]{0,2}", inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// The same with the members of all objects the other way round.
fn reversed(value: &Value) -> Value {
    match value {
        Value::Array(elements) => elements.iter().map(reversed).collect(),
        Value::Object(members) => {
            let members = members.iter().rev();
            let members: Map<String, Value> = members
                .map(|(name, value)| (name.clone(), reversed(value)))
                .collect();
            Value::Object(members)
        }
        other => other.clone(),
    }
}

/// With every character of every string as an escape.
fn escaped(json: &str) -> String {
    let mut out = String::new();
    for c in json.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

proptest! {
    #[test]
    fn forms_are_equal_exactly_when_the_values_are(one in values(), other in values()) {
        let is_same = form(one.to_string().as_bytes()) == form(other.to_string().as_bytes());
        prop_assert_eq!(is_same, one == other);
    }

    #[test]
    fn a_form_does_not_care_how_a_value_is_written(value in values()) {
        let plain = form(value.to_string().as_bytes());
        prop_assert!(plain.is_some());
        let pretty = serde_json::to_string_pretty(&reversed(&value)).unwrap();
        prop_assert_eq!(&plain, &form(pretty.as_bytes()));
        prop_assert_eq!(&plain, &form(escaped(&pretty).as_bytes()));
    }

    #[test]
    fn no_bytes_are_too_odd(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = form(&bytes);
    }
}
