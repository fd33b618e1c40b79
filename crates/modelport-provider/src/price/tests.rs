use proptest::prelude::*;

use super::*;

#[test]
fn amounts_are_read_exactly() {
    for (json, expected) in [
        ("\"0.000003\"", "0.000003"),
        ("1e-06", "0.000001"),
        ("1.25e-05", "0.0000125"),
        ("3.0000000000000004e-07", "0.00000030000000000000004"),
        ("0.88", "0.88"),
        ("0", "0"),
        ("0.0", "0"),
        ("-0.0", "0"),
        ("\"0\"", "0"),
        ("\" 0.5 \"", "0.5"),
        ("\"1E2\"", "100"),
        ("30000", "30000"),
        ("1.3e-10", "0.00000000013"),
        ("0e-400", "0"),
        ("0.10000000000000000000000000000000000000", "0.1"),
        ("1e12", "1000000000000"),
    ] {
        assert_eq!(
            read_amount(json).map(plain).as_deref(),
            Some(expected),
            "{json}"
        );
    }
}

#[test]
fn what_is_no_price_is_unknown() {
    for json in [
        "-1",
        "\"-1\"",
        "\"\"",
        "\"free\"",
        "null",
        "true",
        "{}",
        "[]",
        "1e400",
        "1e-29",
        "1e",
        "e5",
        ".",
        "\".\"",
        "\"NaN\"",
        "\"inf\"",
        "\"1_000\"",
        "\"0x10\"",
        "1000000000001",
        "1e99999999999999",
        "\"--1\"",
        "-1e-3",
    ] {
        assert_eq!(read_amount(json), None, "{json}");
    }
}

#[test]
fn units_are_shifted_exactly() {
    let shift = |json, places| {
        read_amount(json)
            .and_then(|amount| shifted(amount, places))
            .map(plain)
    };
    assert_eq!(shift("0.88", 6).as_deref(), Some("0.00000088"));
    assert_eq!(shift("30000", 10).as_deref(), Some("0.000003"));
    assert_eq!(shift("1e-25", 6), None);
}

#[test]
fn prices_serialise_as_plain_strings_and_leave_out_the_unknown() {
    let prices = Prices {
        prompt: read_amount("3e-06"),
        completion: read_amount("\"0.0000150\""),
        request: Some(Decimal::ZERO),
        ..Prices::UNKNOWN
    };
    let json = serde_json::to_string(&prices).unwrap();
    assert_eq!(
        json,
        r#"{"prompt":"0.000003","completion":"0.000015","request":"0"}"#
    );
    assert_eq!(serde_json::to_string(&Prices::UNKNOWN).unwrap(), "{}");
}

#[test]
fn a_rules_prices_stand_on_the_models_own() {
    let base = Prices {
        prompt: Some(Decimal::ONE),
        completion: Some(Decimal::TWO),
        ..Prices::UNKNOWN
    };
    let rule = Prices {
        prompt: Some(Decimal::TEN),
        ..Prices::UNKNOWN
    };
    let both = rule.or(&base);
    assert_eq!(
        (both.prompt, both.completion),
        (Some(Decimal::TEN), Some(Decimal::TWO))
    );
    assert!(!both.is_unknown());
    assert!(Prices::UNKNOWN.is_unknown());
}

#[test]
fn windows_open_and_close() {
    let day = UtcWindow {
        start: 30,
        end: 990,
        weekdays: UtcWindow::EVERY_DAY,
    };
    let night = UtcWindow {
        start: 990,
        end: 30,
        weekdays: UtcWindow::EVERY_DAY,
    };
    for (minute, in_day) in [
        (0, false),
        (29, false),
        (30, true),
        (989, true),
        (990, false),
        (1439, false),
    ] {
        assert_eq!(day.is_open(3, minute), in_day, "{minute}");
        assert_eq!(night.is_open(3, minute), !in_day, "{minute}");
    }
    let weekend = UtcWindow {
        start: 0,
        end: 0,
        weekdays: 0b110_0000,
    };
    for (weekday, open) in [
        (0, false),
        (1, false),
        (5, false),
        (6, true),
        (7, true),
        (8, false),
    ] {
        assert_eq!(weekend.is_open(weekday, 700), open, "{weekday}");
    }
    let friday_night = UtcWindow {
        start: 1380,
        end: 60,
        weekdays: 0b001_0000,
    };
    assert!(friday_night.is_open(5, 1400));
    assert!(friday_night.is_open(6, 59));
    assert!(!friday_night.is_open(5, 59));
    assert!(!friday_night.is_open(6, 1400));
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,80}") {
        let _ = read_amount(&text);
        let _ = exact(&text);
    }

    #[test]
    fn numeric_looking_text_never_panics(text in "[-+]?[0-9]{0,40}(\\.[0-9]{0,40})?([eE][-+]?[0-9]{1,12})?") {
        let _ = read_amount(&text);
    }

    #[test]
    fn plain_text_reads_back_as_the_same_amount(mantissa in 0_i64..1_000_000_000_000, scale in 6_u32..28) {
        let amount = Decimal::new(mantissa, scale);
        prop_assert_eq!(read_amount(&plain(amount)), Some(amount));
        prop_assert!(!plain(amount).contains(['e', 'E']));
    }
}
