use bytes::{Buf, Bytes};
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::scan::{Fault, Kind, Problem, members};

fn text(spliced: &Spliced) -> String {
    String::from_utf8(spliced.parts().concat()).unwrap()
}

/// What `body` becomes when it is sent to the model `to`.
fn spliced(body: &str, to: &str) -> String {
    let body = Bytes::copy_from_slice(body.as_bytes());
    let ask = read_ask(&body).unwrap();
    let spliced = with_model(&body, &ask, to);
    assert_eq!(spliced.len(), text(&spliced).len());
    text(&spliced)
}

#[test]
fn replaces_the_model_and_nothing_else() {
    let cases = [
        (r#"{"model":"a","n":1e2}"#, r#"{"model":"to","n":1e2}"#),
        (
            "{ \"z\" : 1.0 ,\r\n\t\"model\" :\t\"a\" , \"seed\":18446744073709551616, \"x_unknown\":{\"b\":1,\"a\":2}}\n",
            "{ \"z\" : 1.0 ,\r\n\t\"model\" :\t\"to\" , \"seed\":18446744073709551616, \"x_unknown\":{\"b\":1,\"a\":2}}\n",
        ),
        (r#"{"mod\u0065l":"\u0061"}"#, r#"{"mod\u0065l":"to"}"#),
        (
            r#"{"messages":[{"model":"a"}],"model":"a"}"#,
            r#"{"messages":[{"model":"a"}],"model":"to"}"#,
        ),
        (r#"{"model":null,"a":1}"#, r#"{"model":"to","a":1}"#),
        ("{}", r#"{"model":"to"}"#),
        (" { } ", r#" {"model":"to" } "#),
        (r#" { "a":1}"#, r#" {"model":"to", "a":1}"#),
        (r#"{"model":"to"}"#, r#"{"model":"to"}"#),
        (r#"{"model":"t\u006f"}"#, r#"{"model":"t\u006f"}"#),
        (r#"{"model":"é😀"}"#, r#"{"model":"to"}"#),
    ];
    for (body, expected) in cases {
        assert_eq!(spliced(body, "to"), expected, "{body}");
    }
    assert_eq!(
        spliced(r#"{"model":"a"}"#, "q\"\\\né"),
        r#"{"model":"q\"\\\né"}"#
    );
    assert_eq!(spliced("{}", "q\""), r#"{"model":"q\""}"#);
}

#[test]
fn an_equal_model_leaves_one_piece() {
    let body = Bytes::from_static(br#"{"model":"a"}"#);
    let same = with_model(&body, &read_ask(&body).unwrap(), "a");
    assert_eq!(same.parts(), [body]);
}

#[test]
fn reads_what_is_asked_for() {
    let cases = [
        ("{}", None, false, false),
        (
            r#"{"model":null,"stream":null,"stream_options":null}"#,
            None,
            false,
            false,
        ),
        (
            r#"{"model":"llama3.1:8b","stream":true}"#,
            Some("llama3.1:8b"),
            true,
            false,
        ),
        (
            r#"{"model":"a","stream":false,"stream_options":{}}"#,
            Some("a"),
            false,
            false,
        ),
        (
            r#"{"str\u0065am":true,"stream_options":{"x":1,"include_usage":true}}"#,
            None,
            true,
            true,
        ),
        (
            r#"{"stream_options":{"include_usage":null}}"#,
            None,
            false,
            false,
        ),
        (r#"{"model":"v\/m:free"}"#, Some("v/m:free"), false, false),
    ];
    for (body, model, stream, include_usage) in cases {
        let ask = read_ask(body.as_bytes()).unwrap();
        let found = (
            ask.model(body.as_bytes()),
            ask.stream(),
            ask.include_usage(),
        );
        assert_eq!(found, (model, stream, include_usage), "{body}");
    }
}

fn check(body: &[u8], expected: &AskFault, field: Option<&str>, message: &str) {
    let fault = read_ask(body).unwrap_err();
    assert_eq!(&fault, expected, "{}", body.escape_ascii());
    assert_eq!(fault.field(), field, "{}", body.escape_ascii());
    assert_eq!(fault.describe(body), message);
}

#[test]
fn refuses_what_is_no_object() {
    let malformed = AskFault::Malformed(Fault {
        offset: 9,
        problem: Problem::ExpectedValue,
    });
    let message = "The request body is not valid JSON: line 1, column 10: expected a value.";
    check(br#"{"model":}"#, &malformed, None, message);
    let fault = AskFault::NotAnObject { found: Kind::Array };
    check(
        b"[1]",
        &fault,
        None,
        "The request body must be a JSON object, but it is an array.",
    );
}

#[test]
fn refuses_a_field_given_twice_in_any_spelling() {
    for body in [
        r#"{"model":"a","model":"a"}"#,
        r#"{"model":"a","mod\u0065l":"b"}"#,
        r#"{"\u006dodel":null,"model":"b"}"#,
    ] {
        let message = "`model` is given more than once in the request body; send it once.";
        check(
            body.as_bytes(),
            &AskFault::Duplicate { field: "model" },
            Some("model"),
            message,
        );
    }
    for (body, field) in [
        (r#"{"stream":null,"stream":true}"#, "stream"),
        (
            r#"{"stream_options":null,"stream_options":{}}"#,
            "stream_options",
        ),
        (
            r#"{"stream_options":{"include_usage":true,"include_us\u0061ge":false}}"#,
            "stream_options.include_usage",
        ),
    ] {
        assert_eq!(
            read_ask(body.as_bytes()).unwrap_err(),
            AskFault::Duplicate { field },
            "{body}"
        );
    }
}

#[test]
fn refuses_wrong_types() {
    let wrong = |field, expected, found| AskFault::WrongType {
        field,
        expected,
        found,
    };
    let model = wrong("model", "a string", Kind::Number);
    check(
        br#"{"model":1}"#,
        &model,
        Some("model"),
        "`model` must be a string, but it is a number.",
    );
    let stream = wrong("stream", "true or false", Kind::String);
    let message = "`stream` must be true or false, but it is a string.";
    check(br#"{"stream":"true"}"#, &stream, Some("stream"), message);
    let options = wrong("stream_options", "an object", Kind::True);
    let message = "`stream_options` must be an object, but it is true.";
    check(
        br#"{"stream_options":true}"#,
        &options,
        Some("stream_options"),
        message,
    );
    let usage = wrong(
        "stream_options.include_usage",
        "true or false",
        Kind::Number,
    );
    let message = "`stream_options.include_usage` must be true or false, but it is a number.";
    let field = Some("stream_options.include_usage");
    check(
        br#"{"stream_options":{"include_usage":1}}"#,
        &usage,
        field,
        message,
    );
}

#[test]
fn refuses_names_that_no_model_has() {
    let long = format!("{{\"model\":\"{}\"}}", "x".repeat(MAX_MODEL + 1));
    let cases = [
        (r#"{"model":""}"#, ModelProblem::Empty),
        (r#"{"model":" a"}"#, ModelProblem::Space),
        ("{\"model\":\"a\u{a0}b\"}", ModelProblem::Space),
        (r#"{"model":"a\nb"}"#, ModelProblem::Control),
        ("{\"model\":\"a\u{7f}b\"}", ModelProblem::Control),
        (r#"{"model":"a\ud800"}"#, ModelProblem::NotText),
        (&long, ModelProblem::TooLong),
    ];
    for (body, problem) in cases {
        let fault = read_ask(body.as_bytes()).unwrap_err();
        assert_eq!(fault, AskFault::Model(problem), "{body}");
        assert_eq!(fault.field(), Some("model"));
        assert!(
            fault.describe(body.as_bytes()).starts_with("`model` "),
            "{fault:?}"
        );
    }
    let longest = format!("{{\"model\":\"{}\"}}", "x".repeat(MAX_MODEL));
    assert!(read_ask(longest.as_bytes()).is_ok());
}

#[test]
fn makes_several_edits_in_the_order_of_their_places() {
    let body = Bytes::from_static(b"0123456789");
    let edit = |range, replacement: &'static str| Edit {
        range,
        replacement: Bytes::from_static(replacement.as_bytes()),
    };
    let cases: [(&[Edit], &str); 6] = [
        (&[], "0123456789"),
        (&[edit(0..10, "")], ""),
        (&[edit(10..10, "x")], "0123456789x"),
        (&[edit(5..7, "b"), edit(1..2, "a")], "0a234b789"),
        (
            &[edit(3..3, "a"), edit(3..3, "b"), edit(3..4, "c")],
            "012abc456789",
        ),
        (
            &[edit(0..1, ""), edit(1..1, "-"), edit(9..10, "")],
            "-12345678",
        ),
    ];
    for (edits, expected) in cases {
        let spliced = apply(&body, edits);
        assert_eq!(text(&spliced), expected);
        assert_eq!(spliced.into_parts().concat(), expected.as_bytes());
    }
}

#[test]
fn is_consumed_piece_by_piece() {
    let body = Bytes::from_static(br#"{"model":"abc","n":1}"#);
    let whole = with_model(&body, &read_ask(&body).unwrap(), "defg");
    let expected = text(&whole);
    for step in 1..expected.len() {
        let (mut left, mut seen) = (whole.clone(), Vec::new());
        while left.has_remaining() {
            let here = left.chunk().len().min(step);
            seen.extend_from_slice(&left.chunk()[..here]);
            left.advance(here);
            assert_eq!(left.remaining(), expected.len() - seen.len());
        }
        assert_eq!(seen, expected.as_bytes());
        assert!(left.is_empty() && left.chunk().is_empty());
    }
    let mut slices = [std::io::IoSlice::new(&[]); 8];
    assert_eq!(whole.chunks_vectored(&mut slices), 3);
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("1e2".to_owned()),
        Just("{\"model\":\"no\"}".to_owned()),
        Just("[ 1.0 , null]".to_owned()),
        any::<String>().prop_map(|text| Value::from(text).to_string()),
    ]
}

proptest! {
    #[test]
    fn a_splice_edits_the_value_and_leaves_other_bytes_alone(
        before in prop::collection::vec(("[a-l]{1,5}", value()), 0..4),
        after in prop::collection::vec(("[n-z]{1,4}", value()), 0..4),
        had in prop::option::of("[a-zA-Z0-9:/._é-]{1,40}"),
        to in "[a-zA-Z0-9:/.\"\\\\_é-]{1,40}",
        space in "[ \t\r\n]{0,3}",
    ) {
        let mut parts: Vec<String> = before.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
        if let Some(had) = &had {
            parts.push(format!("\"model\"{space}:{space}{}", Value::from(had.as_str())));
        }
        parts.extend(after.iter().map(|(key, value)| format!("{space}\"{key}\":{value}")));
        let body = Bytes::from(format!("{space}{{{space}{}{space}}}", parts.join(",")));

        let ask = read_ask(&body).unwrap();
        prop_assert_eq!(ask.model(&body), had.as_deref());
        let spliced = with_model(&body, &ask, &to).parts().concat();

        let mut expected: serde_json::Map<String, Value> = serde_json::from_slice(&body).unwrap();
        expected.insert("model".to_owned(), Value::from(to.as_str()));
        prop_assert_eq!(serde_json::from_slice::<serde_json::Map<String, Value>>(&spliced).unwrap(), expected);

        // Cut the new value, or the whole new member, out again: what is left is what was there.
        let mut place = None;
        members(&spliced, |member| if member.key == "model" { place = Some((member.name, member.value)) }).unwrap();
        let (name, value) = place.unwrap();
        let restored = if let Some(had) = &had {
            let had = Value::from(had.as_str()).to_string();
            [&spliced[..value.start], had.as_bytes(), &spliced[value.end..]].concat()
        } else {
            let comma = usize::from(spliced[value.end] == b',');
            [&spliced[..name.start], &spliced[value.end + comma..]].concat()
        };
        prop_assert_eq!(Bytes::from(restored), body);
    }
}
