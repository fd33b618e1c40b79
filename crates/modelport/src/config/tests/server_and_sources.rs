use std::ffi::OsString;
use std::path::PathBuf;

use super::super::{Level, load};
use super::{config, faults, key, of_dotenv, process, provider, warnings};

#[test]
fn the_real_environment_wins_over_the_file_and_empty_is_unset() {
    let file = "OPENAI_COMPATIBLE_API_KEY=of-file\nPORT=9000\nLOG_LEVEL=debug\n";
    let real = process(&[
        ("openai_compatible_api_key", "of-process"),
        ("PORT", " "),
        ("LOG_LEVEL", "Warning"),
    ]);
    let loaded = load(real, Some((PathBuf::from(".env"), file.to_owned())), None).unwrap();
    assert_eq!(
        key(provider(&loaded, "openai_compatible")),
        Some("of-process")
    );
    assert_eq!((loaded.server.port, loaded.log_level), (9000, Level::Warn));
    assert!(loaded.warnings.is_empty());
}

#[test]
fn the_upper_case_spelling_wins_over_others() {
    let loaded = config(&[("port", "1"), ("PORT", "2"), ("Port", "2")]);
    assert_eq!(loaded.server.port, 2);
    assert_eq!(
        warnings(&loaded),
        "port: It is ignored, because PORT is the same setting and wins.\n"
    );

    let loaded = of_dotenv("PORT=1\nport=2\nPORT=3\n").unwrap();
    assert_eq!(loaded.server.port, 3);
    assert_eq!(
        warnings(&loaded),
        "port (.env:2): It is ignored, because PORT (.env:1) is the same setting and wins.\n\
         PORT (.env:1): It is ignored, because PORT (.env:3) is the same setting and wins.\n"
    );
}

#[test]
fn faults_in_the_file_carry_their_lines() {
    let told =
        of_dotenv("# settings\nOPENAI_COMPATIBLE_TIMEOUT=abc\nhush hush\n\nPORT=x\nPATH=1\n")
            .unwrap_err();
    assert_eq!(
        told.to_string(),
        ".env:3: this line cannot be read. Write NAME=value, and a value with blanks, quotes or # in single quotes.\n\
         PORT (.env:5): \"x\" is not a port. Use a whole number from 0 to 65535.\n\
         OPENAI_COMPATIBLE_TIMEOUT (.env:2): \"abc\" is not a number of seconds. Use a number such as 30 or 2.5."
    );
}

#[cfg(unix)]
#[test]
fn a_value_that_is_no_text_is_a_fault_if_the_name_is_ours() {
    use std::os::unix::ffi::OsStringExt;
    let bytes = || OsString::from_vec(vec![0xff]);
    let pairs = [
        (OsString::from("OPENROUTER_API_KEY"), bytes()),
        (OsString::from("PATH"), bytes()),
        (bytes(), bytes()),
    ];
    let told = load(pairs.into_iter(), None, None).unwrap_err().to_string();
    assert_eq!(
        told,
        "OPENROUTER_API_KEY: its value is not UTF-8. Set it again as plain text."
    );
}

#[test]
fn a_port_for_all_wants_a_key() {
    let open = ("HOST", "0.0.0.0");
    assert_eq!(
        faults(&[open]),
        "HOST: others can reach \"0.0.0.0\", and MODELPORT_API_KEY is not set. Set MODELPORT_API_KEY, or MODELPORT_REQUIRE_KEY=true and create keys with `modelport keys create`, or listen on 127.0.0.1, or allow it with MODELPORT_ALLOW_OPEN=true."
    );
    assert!(warnings(&config(&[open, ("MODELPORT_ALLOW_OPEN", "true")])).contains("Everybody"));
    assert!(
        config(&[open, ("MODELPORT_API_KEY", "0123456789abcdef")])
            .warnings
            .is_empty()
    );
    let wrong_key = faults(&[open, ("MODELPORT_API_KEY", "hush")]);
    assert_eq!(wrong_key.lines().count(), 1, "{wrong_key}");
    for local in ["127.0.0.2", "::1", "[::1]", "localhost", "LOCALHOST"] {
        assert!(config(&[("HOST", local)]).server.is_local(), "{local}");
    }
    assert!(faults(&[("HOST", "my-machine")]).contains("others can reach"));
}

#[test]
fn callers_keys_are_split_checked_and_never_shown() {
    let loaded = config(&[(
        "MODELPORT_API_KEY",
        " first-long-key-1234 , ,second-long-key-123,first-long-key-1234",
    )]);
    let keys: Vec<&str> = loaded
        .server
        .api_keys
        .iter()
        .map(modelport_provider::credential::Secret::expose)
        .collect();
    assert_eq!(keys, ["first-long-key-1234", "second-long-key-123"]);
    assert!(loaded.warnings.is_empty());

    assert!(warnings(&config(&[("MODELPORT_API_KEY", "hush-12345")])).contains("shorter than 16"));
    assert_eq!(
        faults(&[("MODELPORT_API_KEY", "long-enough-key,hush")]),
        "MODELPORT_API_KEY: key 2 is shorter than 8 characters. Use a long random one, such as the output of `openssl rand -hex 24`."
    );
    assert!(faults(&[("MODELPORT_API_KEY", " , ")]).contains("holds no key"));
}
