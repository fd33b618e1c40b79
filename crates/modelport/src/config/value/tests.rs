use std::time::Duration;

use http::HeaderValue;
use modelport_provider::settings::ChatApi;

use super::super::server::{CorsOrigins, Level};
use super::{
    address, bytes, chat_api, keep_alive, level, origins, port, retries, seconds, switch, text,
    workers,
};

#[test]
fn switches() {
    for on in ["true", "1", "YES", "On"] {
        assert_eq!(switch(on), Ok(true), "{on}");
    }
    for off in ["FALSE", "0", "no", "oFf"] {
        assert_eq!(switch(off), Ok(false), "{off}");
    }
    for wrong in ["2", "truee", "y"] {
        assert!(switch(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn ollamas_own() {
    assert_eq!(chat_api("Native").map(ChatApi::path), Ok("/api/chat"));
    assert_eq!(
        chat_api("openai").map(ChatApi::path),
        Ok("/v1/chat/completions")
    );
    assert!(chat_api("auto").is_err() && chat_api("").is_err());
    assert_eq!(keep_alive("10m").unwrap().as_str(), "10m");
    assert!(keep_alive("soon").is_err());
}

#[test]
fn numbers() {
    assert_eq!(seconds("30"), Ok(Duration::from_secs(30)));
    assert_eq!(seconds("0.25"), Ok(Duration::from_millis(250)));
    assert_eq!(seconds(".5"), Ok(Duration::from_millis(500)));
    assert_eq!(seconds("86400"), Ok(Duration::from_hours(24)));
    for wrong in [
        "0",
        "0.0",
        "0.0000000001",
        "86400.1",
        "-1",
        "1e3",
        "inf",
        "NaN",
        "30s",
        "1,5",
        ".",
        "",
    ] {
        assert!(seconds(wrong).is_err(), "{wrong}");
    }
    assert_eq!(retries("0"), Ok(0));
    assert_eq!(retries("100"), Ok(100));
    for wrong in ["101", "-1", "3.0", "x"] {
        assert!(retries(wrong).is_err(), "{wrong}");
    }
    assert_eq!((port("0"), port("65535")), (Ok(0), Ok(65535)));
    assert!(port("65536").is_err() && port("-1").is_err());
    assert_eq!((workers("1"), workers("1024")), (Ok(1), Ok(1024)));
    assert!(workers("0").is_err() && workers("1025").is_err());
}

#[test]
fn amounts_of_bytes() {
    let check =
        |text: &str, expected: Option<usize>| assert_eq!(bytes(text).ok(), expected, "{text}");

    check("1024", Some(1024));
    check("64 MiB", Some(64 * 1024 * 1024));
    check("64mib", Some(64 * 1024 * 1024));
    check("1MB", Some(1_000_000));
    check("512 KiB", Some(512 * 1024));
    check("1GiB", Some(1024 * 1024 * 1024));
    check("1023", None);
    check("2GiB", None);
    check("1.5MB", None);
    check("MB", None);
    check("99999999999999999999", None);
    check("99999999999999GiB", None);
    check("5 apples", None);
}

#[test]
fn levels_addresses_and_names() {
    let check =
        |text: &str, expected: Option<Level>| assert_eq!(level(text).ok(), expected, "{text}");
    check("trace", Some(Level::Trace));
    check("Debug", Some(Level::Debug));
    check("INFO", Some(Level::Info));
    check("WARN", Some(Level::Warn));
    check("warning", Some(Level::Warn));
    check("ERROR", Some(Level::Error));
    check("CRITICAL", Some(Level::Error));
    check("verbose", None);

    let check = |text: &str, expected: Option<&str>| {
        assert_eq!(address(text).ok().as_deref(), expected, "{text}");
    };
    check("0.0.0.0", Some("0.0.0.0"));
    check("[::1]", Some("::1"));
    check("::", Some("::"));
    check("my-host.lan", Some("my-host.lan"));
    check("host:8000", None);
    check("http://host", None);
    check("[]", None);

    assert!(text("a\u{7}").is_err() && text(&"x".repeat(257)).is_err());
    assert!(text(&"x".repeat(400)).unwrap_err().problem.len() < 150);
}

#[test]
fn origins_of_web_pages() {
    let check = |text: &str, expected: &[&'static str]| {
        let expected = expected
            .iter()
            .map(|text| HeaderValue::from_static(text))
            .collect();
        assert_eq!(origins(text), Ok(CorsOrigins::Listed(expected)), "{text}");
    };
    check(
        "https://A.example.com/, http://localhost:3000",
        &["https://a.example.com", "http://localhost:3000"],
    );
    check("chrome-extension://abc", &["chrome-extension://abc"]);
    assert_eq!(origins("https://a.test,*"), Ok(CorsOrigins::Any));
    for wrong in [
        "a.test",
        "https://",
        "https://a.test/path",
        "https://a.test?q",
        "://a",
        ",",
    ] {
        assert!(origins(wrong).is_err(), "{wrong}");
    }
}
