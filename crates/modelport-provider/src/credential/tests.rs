mod openai_compatible_provider {
    use http::HeaderMap;

    use super::super::{
        CustomHeadersFault, Secret, SecretFault, auth_headers, custom_headers_from_json,
    };
    use crate::profile::Profile;
    use crate::profiles::{GENERIC, for_host};

    const NO_KEY: Option<&str> = None;

    fn check(profile: &Profile, key: Option<&str>, custom: &str, expected: &[(&str, &str)]) {
        let key = key.map(|key| Secret::new(key).unwrap());
        let custom = custom_headers_from_json(custom).unwrap();
        let headers = auth_headers(profile, key.as_ref(), &custom);
        assert!(headers.values().all(http::HeaderValue::is_sensitive));
        let mut found: Vec<_> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
            .collect();
        found.sort_unstable();
        assert_eq!(found, expected);
    }

    #[test]
    fn the_key_goes_into_the_header_that_the_host_takes() {
        let azure = for_host("res.openai.azure.com");
        check(
            &GENERIC,
            Some("sk-1"),
            "{}",
            &[("authorization", "Bearer sk-1")],
        );
        check(azure, Some("az-1"), "{}", &[("api-key", "az-1")]);
        check(
            for_host("vm.cloudapp.azure.com"),
            Some("k"),
            "{}",
            &[("authorization", "Bearer k")],
        );
    }

    #[test]
    fn no_key_sends_no_credential() {
        check(&GENERIC, NO_KEY, "{}", &[]);
        check(
            for_host("res.openai.azure.com"),
            NO_KEY,
            r#"{"X-A":"1"}"#,
            &[("x-a", "1")],
        );
    }

    #[test]
    fn custom_headers_win_over_the_default_credential() {
        let azure = for_host("res.openai.azure.com");
        check(
            &GENERIC,
            Some("k"),
            r#"{"X-Title":"me"}"#,
            &[("authorization", "Bearer k"), ("x-title", "me")],
        );
        check(
            &GENERIC,
            Some("k"),
            r#"{"AUTHORIZATION":"Basic x"}"#,
            &[("authorization", "Basic x")],
        );
        check(
            &GENERIC,
            Some("k"),
            r#"{"Api-Key":"other"}"#,
            &[("api-key", "other")],
        );
        check(
            azure,
            Some("k"),
            r#"{"authorization":"Bearer token"}"#,
            &[("authorization", "Bearer token")],
        );
        check(
            azure,
            Some("k"),
            r#"{"api-key":"mine"}"#,
            &[("api-key", "mine")],
        );
    }

    #[test]
    fn faults_name_the_header_and_never_its_value() {
        let check = |json: &str, expected: CustomHeadersFault| {
            let fault = custom_headers_from_json(json).unwrap_err();
            assert_eq!(fault, expected, "{json}");
            assert!(!fault.to_string().contains("hush"), "{fault}");
        };
        let name = |text: &str| text.to_owned();

        check("hush", CustomHeadersFault::NotJson { line: 1, column: 1 });
        check(
            r#"{"A":"hush""#,
            CustomHeadersFault::NotJson {
                line: 1,
                column: 11,
            },
        );
        check(r#"["hush"]"#, CustomHeadersFault::NotAnObject);
        check(
            r#"{"A":["hush"]}"#,
            CustomHeadersFault::NotAString(name("A")),
        );
        check(r#"{"A":1}"#, CustomHeadersFault::NotAString(name("A")));
        check(r#"{"a b":"hush"}"#, CustomHeadersFault::Name(name("a b")));
        check(r#"{"":"hush"}"#, CustomHeadersFault::Name(name("")));
        check(
            r#"{"Host":"hush"}"#,
            CustomHeadersFault::Refused(name("Host")),
        );
        check(
            r#"{"Content-Length":"hush"}"#,
            CustomHeadersFault::Refused(name("Content-Length")),
        );
        check(
            r#"{"Transfer-Encoding":"hush"}"#,
            CustomHeadersFault::Refused(name("Transfer-Encoding")),
        );
        check(
            r#"{"connection":"hush"}"#,
            CustomHeadersFault::Refused(name("connection")),
        );
        check(r#"{"A":"hush\n"}"#, CustomHeadersFault::Value(name("A")));
        check(
            r#"{"A":"1","a":"hush"}"#,
            CustomHeadersFault::Twice(name("a")),
        );
    }

    #[test]
    fn a_key_is_trimmed_checked_and_never_shown() {
        assert_eq!(Secret::new(" sk-1\r\n").unwrap().expose(), "sk-1");
        assert_eq!(Secret::new(" \t").unwrap_err(), SecretFault::Empty);
        for wrong in ["a b", "a\nb", "k\u{2022}\u{2022}", "k\u{7f}"] {
            assert_eq!(Secret::new(wrong).unwrap_err(), SecretFault::Character);
        }
        let key = Secret::new("sk-hush").unwrap();
        assert_eq!(format!("{key:?}"), "[secret]");
        let headers = auth_headers(&GENERIC, Some(&key), &HeaderMap::new());
        assert!(!format!("{headers:?}").contains("hush"));
    }
}
