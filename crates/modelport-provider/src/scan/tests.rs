use std::borrow::Cow;

use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn problem(json: &[u8]) -> Option<(usize, Problem)> {
    validate(json)
        .err()
        .map(|fault| (fault.offset, fault.problem))
}

#[test]
fn accepts_what_rfc_8259_accepts() {
    let cases: [(&str, Kind); 14] = [
        ("{}", Kind::Object),
        (" [ ] ", Kind::Array),
        ("\"\"", Kind::String),
        ("\t\r\n-0.0e-0 ", Kind::Number),
        ("0", Kind::Number),
        ("1E+400", Kind::Number),
        ("18446744073709551616", Kind::Number),
        ("true", Kind::True),
        ("false", Kind::False),
        ("null", Kind::Null),
        (
            r#""\u00e9\ud83d\ude00\ud800 \" \\ \/ \b\f\n\r\t""#,
            Kind::String,
        ),
        ("\"\u{7f}é😀\"", Kind::String),
        (r#"{"a":[{"b":[[],{}]},1],"a":null}"#, Kind::Object),
        ("[[[[]]],{\"\":{\"\":[]}}]", Kind::Array),
    ];
    for (json, kind) in cases {
        assert_eq!(validate(json.as_bytes()), Ok(kind), "{json}");
    }
}

#[test]
fn names_what_is_wrong_and_where() {
    let cases: [(&[u8], usize, Problem); 38] = [
        (b"", 0, Problem::Empty),
        (b" \n", 2, Problem::Empty),
        (b"\xEF\xBB\xBF{}", 0, Problem::ByteOrderMark),
        (b"{", 1, Problem::UnexpectedEnd),
        (b"[1", 2, Problem::UnexpectedEnd),
        (b"{\"a\"", 4, Problem::UnexpectedEnd),
        (b"{\"a\":", 5, Problem::UnexpectedEnd),
        (b"\"abc", 4, Problem::UnexpectedEnd),
        (b"\"\\", 1, Problem::UnexpectedEnd),
        (b"\"\\u12\"", 1, Problem::UnexpectedEnd),
        (b"\"\\u12G4\"", 1, Problem::BadEscape),
        (b"\"\\u+123\"", 1, Problem::BadEscape),
        (b"\"\\x\"", 1, Problem::BadEscape),
        (b"\"a\nb\"", 2, Problem::ControlCharacter),
        (b"\"0123456789\x1f\"", 11, Problem::ControlCharacter),
        (b"{\"a\":1,}", 7, Problem::ExpectedKey),
        (b"{,}", 1, Problem::ExpectedKey),
        (b"{'a':1}", 1, Problem::ExpectedKey),
        (b"{\"a\" 1}", 5, Problem::ExpectedColon),
        (b"{\"a\":1 \"b\":2}", 7, Problem::ExpectedCommaOrBrace),
        (b"{\"a\":1]", 6, Problem::ExpectedCommaOrBrace),
        (b"[1 2]", 3, Problem::ExpectedCommaOrBracket),
        (b"[1}", 2, Problem::ExpectedCommaOrBracket),
        (b"[1,]", 3, Problem::ExpectedValue),
        (b"[,1]", 1, Problem::ExpectedValue),
        (b"]", 0, Problem::ExpectedValue),
        (b"{\"a\":}", 5, Problem::ExpectedValue),
        (b"NaN", 0, Problem::ExpectedValue),
        (b"\xff", 0, Problem::ExpectedValue),
        (b"01", 0, Problem::BadNumber),
        (b"-", 0, Problem::BadNumber),
        (b"1.", 0, Problem::BadNumber),
        (b"1e", 0, Problem::BadNumber),
        (b"0x1F", 0, Problem::BadNumber),
        (b"[tru]", 1, Problem::BadLiteral),
        (b"nulll", 4, Problem::TrailingData),
        (b"{} x", 3, Problem::TrailingData),
        (b"[\"ab\xff\"]", 4, Problem::NotUtf8),
    ];
    for (json, offset, expected) in cases {
        assert_eq!(
            problem(json),
            Some((offset, expected)),
            "{}",
            json.escape_ascii()
        );
    }
}

#[test]
fn finds_special_bytes_at_every_place_of_a_long_string() {
    for length in 0..300_usize {
        let text = "x".repeat(length);
        assert_eq!(validate(format!("\"{text}\"").as_bytes()), Ok(Kind::String));
        for at in [0, length / 2, length.saturating_sub(1)] {
            let mut json = format!("\"{text}y\"").into_bytes();
            json[at + 1] = 0x1f;
            assert_eq!(
                problem(&json),
                Some((at + 1, Problem::ControlCharacter)),
                "{length} {at}"
            );
            json[at + 1] = 0x80;
            assert_eq!(
                problem(&json),
                Some((at + 1, Problem::NotUtf8)),
                "{length} {at}"
            );
        }
    }
}

#[test]
fn refuses_deep_nesting_without_recursion() {
    let nested = |depth: usize| [vec![b'['; depth], vec![b']'; depth]].concat();
    assert_eq!(validate(&nested(MAX_DEPTH)), Ok(Kind::Array));
    assert_eq!(
        problem(&nested(MAX_DEPTH + 1)),
        Some((MAX_DEPTH, Problem::TooDeep))
    );
    assert_eq!(
        problem(&vec![b'['; 40_000]),
        Some((MAX_DEPTH, Problem::TooDeep))
    );
    assert_eq!(
        problem(&b"{\"a\":".repeat(10_000)),
        Some((MAX_DEPTH * 5, Problem::TooDeep))
    );
    let objects = ["{\"a\":[".repeat(MAX_DEPTH / 2), "]}".repeat(MAX_DEPTH / 2)].concat();
    assert_eq!(validate(objects.as_bytes()), Ok(Kind::Object));
    let members_count = |json: &[u8]| members(json, |_| {}).map_err(|fault| fault.problem);
    assert_eq!(members_count(objects.as_bytes()), Ok(()));
    assert_eq!(
        members_count(format!("{{\"a\":{objects}}}").as_bytes()),
        Err(Problem::TooDeep)
    );
}

#[test]
fn describes_places_as_people_count_them() {
    let json = "{\n  \"é\": 1,\n  \"model\" \"x\"\n}".as_bytes();
    let fault = validate(json).unwrap_err();
    assert_eq!(
        fault.describe(json),
        "line 3, column 11: expected ':' after a key"
    );
    let json = "{\"é\" 1}".as_bytes();
    assert_eq!(
        validate(json).unwrap_err().describe(json),
        "line 1, column 6: expected ':' after a key"
    );
    let fault = Fault {
        offset: 99,
        problem: Problem::TooDeep,
    };
    assert_eq!(
        fault.describe(b"{}"),
        "line 1, column 3: nested deeper than 1024 levels"
    );
}

#[test]
fn visits_the_outermost_members_with_decoded_keys() {
    let json = br#" { "a" : {"x":[1]} , "mod\u0065l":"m", "n":1e2,"t":true,"f":false ,"z":null, "l":[ ]} "#;
    let mut seen = Vec::new();
    members(json, |member| {
        let text = |range: Range<usize>| String::from_utf8(json[range].to_vec()).unwrap();
        seen.push((
            member.key.into_owned(),
            text(member.name),
            text(member.value),
            member.kind,
        ));
    })
    .unwrap();
    let expected = [
        ("a", "\"a\"", "{\"x\":[1]}", Kind::Object),
        ("model", "\"mod\\u0065l\"", "\"m\"", Kind::String),
        ("n", "\"n\"", "1e2", Kind::Number),
        ("t", "\"t\"", "true", Kind::True),
        ("f", "\"f\"", "false", Kind::False),
        ("z", "\"z\"", "null", Kind::Null),
        ("l", "\"l\"", "[ ]", Kind::Array),
    ];
    let expected: Vec<_> = expected
        .map(|(k, n, v, kind)| (k.to_owned(), n.to_owned(), v.to_owned(), kind))
        .into();
    assert_eq!(seen, expected);
}

#[test]
fn only_objects_have_members_and_only_arrays_elements() {
    let of = |json: &[u8]| members(json, |_| {}).map_err(|fault| fault.problem);
    assert_eq!(of(b"[1]"), Err(Problem::NotAnObject(Kind::Array)));
    assert_eq!(of(b" null"), Err(Problem::NotAnObject(Kind::Null)));
    assert_eq!(of(b"[1"), Err(Problem::UnexpectedEnd));
    assert_eq!(of(b"{\"\xff\":1}"), Err(Problem::NotUtf8));
    assert_eq!(of(b"{}{}"), Err(Problem::TrailingData));
    let elements_of = |json: &[u8]| elements(json, |_, _| {}).map_err(|fault| fault.problem);
    assert_eq!(elements_of(b"[1,[2],{}]"), Ok(()));
    assert_eq!(elements_of(b"{}"), Err(Problem::NotAnArray(Kind::Object)));
}

#[test]
fn walks_keys_at_every_depth() {
    let json = br#"{"a":[{"b":1},{"c\u0021":{"d":[]}}],"e":"x"}"#;
    let mut seen = Vec::new();
    walk(json, |step| {
        seen.push((
            step.depth,
            String::from_utf8(step.key.to_vec()).unwrap(),
            json[step.value],
        ));
    })
    .unwrap();
    let expected = [
        (1, "a", b'['),
        (3, "b", b'1'),
        (3, "c!", b'{'),
        (4, "d", b'['),
        (1, "e", b'"'),
    ];
    assert_eq!(
        seen,
        expected.map(|(depth, key, byte)| (depth, key.to_owned(), byte))
    );
}

#[test]
fn decodes_strings() {
    let cases: [(&[u8], Option<&str>); 12] = [
        (b"\"\"", Some("")),
        ("\"é\"".as_bytes(), Some("é")),
        (br#""a\"\\\/\b\f\n\r\tz""#, Some("a\"\\/\u{8}\u{c}\n\r\tz")),
        (br#""\u0065\u00E9\ud83d\uDE00!""#, Some("eé😀!")),
        (br#""\ud83d""#, Some("\u{FFFD}")),
        (br#""\ud83dx""#, Some("\u{FFFD}x")),
        (br#""\ude00\ud83d\u0041""#, Some("\u{FFFD}\u{FFFD}A")),
        (br#""\u12""#, None),
        (br#""\u+041""#, None),
        ("\"\\é\"".as_bytes(), None),
        (b"\"\xff\"", None),
        (b"1", None),
    ];
    for (json, expected) in cases {
        assert_eq!(
            string_value(json).as_deref(),
            expected,
            "{}",
            json.escape_ascii()
        );
    }
    assert!(matches!(
        string_value(b"\"plain\""),
        Some(Cow::Borrowed("plain"))
    ));
}

/// A JSON document with all sorts of values, as text; spacing and escapes vary.
fn document() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("-1.5e+3".to_owned()),
        Just("18446744073709551616".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<String>().prop_map(|text| Value::from(text).to_string()),
        "[ -~é]{0,90}".prop_map(|text| Value::from(text).to_string()),
        Just(r#""\u00e9\ud800\ud83d\ude00\/""#.to_owned()),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6)
                .prop_map(|items| format!("[{}]", items.join(" ,\n"))),
            object_of(inner),
        ]
    })
}

fn object_of(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    prop::collection::btree_map("[a-zé\"\\\\]{0,6}", value, 0..6).prop_map(|members| {
        let members = members
            .iter()
            .map(|(key, value)| format!("{}:\t{value}", Value::from(key.as_str())));
        format!("{{ {} }}", members.collect::<Vec<_>>().join(","))
    })
}

/// What another reader thinks of the bytes. It takes no offence at nesting, since it ignores the values.
fn is_valid(json: &[u8]) -> bool {
    std::str::from_utf8(json)
        .is_ok_and(|text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok())
}

proptest! {
    #[test]
    fn agrees_with_another_reader_on_documents(json in document()) {
        prop_assert!(is_valid(json.as_bytes()));
        prop_assert!(validate(json.as_bytes()).is_ok());
    }

    #[test]
    fn agrees_with_another_reader_on_damaged_documents(
        json in document(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..4),
    ) {
        let mut json = json.into_bytes();
        for (place, byte, how) in damage {
            let at = place.index(json.len() + 1);
            match how {
                0 => json.insert(at, byte),
                1 => json.truncate(at),
                _ => if let Some(old) = json.get_mut(at) { *old = byte },
            }
        }
        prop_assert_eq!(validate(&json).is_ok(), is_valid(&json), "{}", json.escape_ascii());
    }

    #[test]
    fn agrees_with_another_reader_on_soup(json in r#"[\[\]{}:,"\\ue0-9a-f+.\- nultrs\n]{0,24}"#) {
        prop_assert_eq!(validate(json.as_bytes()).is_ok(), is_valid(json.as_bytes()), "{}", json);
    }

    #[test]
    fn ranges_hold_the_same_values(json in object_of(document())) {
        let expected: serde_json::Map<String, Value> = match serde_json::from_str(&json) {
            Ok(map) => map,
            // A lone surrogate: the other reader has no string for it.
            Err(_) => return Ok(()),
        };
        let mut found = serde_json::Map::new();
        members(json.as_bytes(), |member| {
            let value = serde_json::from_slice(&json.as_bytes()[member.value]).unwrap();
            found.insert(member.key.into_owned(), value);
        }).unwrap();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn decodes_as_another_reader_does(text in any::<String>()) {
        let json = Value::from(text.as_str()).to_string();
        prop_assert_eq!(string_value(json.as_bytes()), Some(Cow::from(text.as_str())));
        let escaped: String = text.encode_utf16().flat_map(|unit| format!("\\u{unit:04x}").into_bytes()).map(char::from).collect();
        let json = format!("\"{escaped}\"");
        prop_assert_eq!(string_value(json.as_bytes()), Some(Cow::from(text.as_str())));
    }
}
