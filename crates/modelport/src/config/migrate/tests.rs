mod openrouter_backward_compatibility {
    use proptest::prelude::*;

    use super::super::super::tests::{of_dotenv, process};
    use super::super::super::{Config, Faults, load};
    use super::super::{migrate_dotenv, migrate_environment};

    fn check(contents: &str, expected: &str) {
        assert_eq!(migrate_dotenv(contents), expected);
        assert_eq!(
            migrate_dotenv(expected),
            expected,
            "a second run changes nothing"
        );
        assert_eq!(gist(&of_dotenv(contents)), gist(&of_dotenv(expected)));
    }

    /// What must not change: everything but the variables that things are set by.
    fn gist(loaded: &Result<Config, Faults>) -> Result<String, ()> {
        let config = loaded.as_ref().map_err(|_| ())?;
        let providers: Vec<_> = config
            .providers
            .iter()
            .map(|provider| {
                let key = provider
                    .key
                    .as_ref()
                    .map(modelport_provider::credential::Secret::expose);
                let headers: Vec<_> = provider
                    .headers
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.as_bytes()))
                    .collect();
                format!(
                    "{} {:?} {} {} {key:?} {headers:?} {:?} {:?} {} {} {}",
                    provider.id,
                    provider.aliases,
                    provider.name,
                    provider.base_url.endpoint(""),
                    provider.default_model,
                    provider.timeout,
                    provider.max_retries,
                    provider.enabled,
                    provider.configured,
                )
            })
            .collect();
        Ok(format!(
            "{providers:#?} {} {:?} {}",
            config.preferred, config.server, config.log_level
        ))
    }

    #[test]
    fn names_change_and_the_rest_of_the_file_stays() {
        check(
            "\u{feff}# My settings\n\nexport OPENROUTER_API_KEY = \"sk-1\" # the key\nUNRELATED='x y'\nollama_timeout=60\nOLLAMA_HOST=gpu\nDEFAULT_MODEL=m",
            "\u{feff}# My settings\n\nexport OPENAI_COMPATIBLE_API_KEY = \"sk-1\" # the key\nUNRELATED='x y'\nOLLAMA_SETTINGS_TIMEOUT=60\nOLLAMA_HOST=gpu\nDEFAULT_MODEL=m",
        );
        check(
            "OPENROUTER_TIMEOUT=5\r\n# end\r\n",
            "OPENAI_COMPATIBLE_TIMEOUT=5\r\n# end\r\n",
        );
        check("", "");
        check("# nothing older\nPORT=1\n", "# nothing older\nPORT=1\n");
    }

    #[test]
    fn a_value_that_is_ignored_stays_as_a_comment() {
        check(
            "OPENAI_COMPATIBLE_API_KEY=new\nOPENROUTER_API_KEY=old\nOPENROUTER_TIMEOUT=5\n",
            "OPENAI_COMPATIBLE_API_KEY=new\n# Ignored, since the OPENAI_COMPATIBLE_* variables win:\n# OPENROUTER_API_KEY=old\nOPENAI_COMPATIBLE_TIMEOUT=5\n",
        );
        check(
            "OLLAMA_SETTINGS_TIMEOUT=1\nOLLAMA_TIMEOUT=2",
            "OLLAMA_SETTINGS_TIMEOUT=1\n# Ignored, since OLLAMA_SETTINGS_TIMEOUT is set:\n# OLLAMA_TIMEOUT=2",
        );
        check(
            "OPENROUTER_TIMEOUT=1\nOPENROUTER_TIMEOUT=2\n",
            "# Ignored, since OPENROUTER_TIMEOUT is set a second time:\n# OPENROUTER_TIMEOUT=1\nOPENAI_COMPATIBLE_TIMEOUT=2\n",
        );
        check(
            "OPENROUTER_CUSTOM_HEADERS='{\n \"authorization\": \"a\"\n}'\nOPENAI_COMPATIBLE_API_KEY=k\n",
            "# Ignored, since the OPENAI_COMPATIBLE_* variables win:\n# OPENROUTER_CUSTOM_HEADERS='{\n#  \"authorization\": \"a\"\n# }'\nOPENAI_COMPATIBLE_API_KEY=k\n",
        );
    }

    #[test]
    fn a_second_provider_stays_with_the_reason() {
        let text = "OPENAI_COMPATIBLE_BASE_URL=https://new.test\nOPENAI_COMPATIBLE_API_KEY=n\nOPENROUTER_API_KEY=o\n";
        let migrated = migrate_dotenv(text);
        assert!(
            migrated.contains("\n# OPENROUTER_* stays: it is a second provider, named openrouter"),
            "{migrated}"
        );
        assert!(migrated.ends_with("\nOPENROUTER_API_KEY=o\n"));
        assert_eq!(migrate_dotenv(&migrated), migrated);
    }

    #[test]
    fn a_group_that_others_refer_to_stays() {
        let text = "OPENROUTER_API_KEY=o\nOPENROUTER_TIMEOUT=3\nOTHER=${OPENROUTER_API_KEY}\n";
        let migrated = migrate_dotenv(text);
        assert!(
            migrated.contains("\nOPENROUTER_API_KEY=o\nOPENROUTER_TIMEOUT=3\n")
                || migrated.starts_with('#')
        );
        assert!(
            migrated.ends_with("OPENROUTER_TIMEOUT=3\nOTHER=${OPENROUTER_API_KEY}\n"),
            "{migrated}"
        );
    }

    #[test]
    fn an_unknown_host_keeps_the_older_name() {
        check(
            "OPENROUTER_BASE_URL=https://proxy.test/v1\nOPENROUTER_API_KEY=k\n",
            "OPENAI_COMPATIBLE_BASE_URL=https://proxy.test/v1\nOPENAI_COMPATIBLE_PROVIDER_NAME=OpenRouter\nOPENAI_COMPATIBLE_API_KEY=k\n",
        );
        check(
            "OPENROUTER_BASE_URL=https://proxy.test/v1",
            "OPENAI_COMPATIBLE_BASE_URL=https://proxy.test/v1\nOPENAI_COMPATIBLE_PROVIDER_NAME=OpenRouter\n",
        );
    }

    #[test]
    fn an_environment_becomes_a_file() {
        let variables = [
            ("PATH", "/bin"),
            ("openrouter_api_key", "it's $5 \"q\" \\ #1"),
            ("OPENROUTER_CUSTOM_HEADERS", "{\"a\": \"b\"}"),
            ("OLLAMA_ENABLED", "false"),
            ("OLLAMA_HOST", "gpu:1"),
            ("PORT", "1"),
        ];
        assert_eq!(
            migrate_environment(process(&variables)),
            "OLLAMA_SETTINGS_ENABLED=false\nOLLAMA_HOST=gpu:1\n\
             # OPENROUTER_* stays until the faults that `modelport check` lists are mended.\n\
             OPENROUTER_CUSTOM_HEADERS='{\"a\": \"b\"}'\nPORT=1\n\
             openrouter_api_key=\"it's \\$5 \\\"q\\\" \\\\ #1\"\n"
        );
        assert_eq!(
            migrate_environment(process(&variables[2..5]))
                .lines()
                .count(),
            3
        );
    }

    /// A name of ours or next to it, in two spellings, with values that are mostly good.
    fn variable() -> impl Strategy<Value = (String, String)> {
        let prefix = prop::sample::select(vec![
            "OPENAI_COMPATIBLE_",
            "OPENAI_COMPATIBLE_GROQ_",
            "OPENROUTER_",
            "OLLAMA_",
            "OLLAMA_SETTINGS_",
        ]);
        let url = prop::sample::select(vec![
            "https://openrouter.ai/api/v1",
            "https://openrouter.ai",
            "http://openrouter.ai/api/v1",
            "https://one.test/v1",
            "https://one.test/v2",
            "nonsense",
        ]);
        let headers = prop::sample::select(vec![
            r#"{"X-A":"it's $1"}"#,
            r#"{"Authorization":"b \\ c"}"#,
            "{",
        ]);
        let pair = |field: &'static str, value: BoxedStrategy<String>| (Just(field), value);
        let word = || "[a-z]{1,3}".prop_map(String::from).boxed();
        let field = prop_oneof![
            4 => pair("API_KEY", word()),
            4 => pair("BASE_URL", url.prop_map(String::from).boxed()),
            1 => pair("ENABLED", prop::sample::select(vec!["true", "off", ""]).prop_map(String::from).boxed()),
            1 => pair("DEFAULT_MODEL", word()),
            1 => pair("PROVIDER_NAME", "[A-Za-z #']{0,6}".prop_map(String::from).boxed()),
            1 => pair("CUSTOM_HEADERS", headers.prop_map(String::from).boxed()),
            1 => pair("TIMEOUT", "[1-3]|x".prop_map(String::from).boxed()),
            1 => pair("MAX_RETRIES", "[0-2]".prop_map(String::from).boxed()),
        ];
        let group = (prefix, field, prop::bool::weighted(0.1)).prop_map(
            |(prefix, (field, value), lower)| {
                let name = format!("{prefix}{field}");
                (
                    if lower {
                        name.to_ascii_lowercase()
                    } else {
                        name
                    },
                    value,
                )
            },
        );
        let other = prop::sample::select(vec![
            ("DEFAULT_MODEL", "older"),
            ("PREFERRED_PROVIDER", "openrouter"),
            ("OLLAMA_HOST", "gpu:1"),
            ("OPENROUTER_UNKNOWN", "x"),
        ]);
        prop_oneof![
            8 => group,
            1 => other.prop_map(|(name, value)| (name.to_owned(), value.to_owned())),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn the_same_providers_before_and_after(variables in prop::collection::vec(variable(), 0..7)) {
            let pairs: Vec<(&str, &str)> =
                variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let unique: std::collections::BTreeMap<&str, &str> = pairs.iter().copied().collect();
            let unique: Vec<_> = unique.into_iter().collect();
            let migrated = migrate_environment(process(&unique));
            let before = load(process(&unique), None, None);
            prop_assert_eq!(gist(&before), gist(&of_dotenv(&migrated)), "{}", migrated);

            // The same as a file, where a name may stand twice.
            let file: String = pairs
                .iter()
                .map(|(name, value)| format!("# c\n{name}={}\n", super::super::quote(value)))
                .collect::<Vec<_>>()
                .concat();
            let migrated = migrate_dotenv(&file);
            prop_assert_eq!(gist(&of_dotenv(&file)), gist(&of_dotenv(&migrated)), "{}\n{}", file, migrated);
            prop_assert_eq!(migrate_dotenv(&migrated), migrated);
        }

        #[test]
        fn any_text_survives(text in "([A-Z_]{1,4}=|OPENROUTER_API_KEY=|OLLAMA_TIMEOUT=)?[ -~\\n'\"\\\\#]{0,30}") {
            let migrated = migrate_dotenv(&text);
            prop_assert!(migrated.len() >= text.len());
            prop_assert_eq!(gist(&of_dotenv(&text)), gist(&of_dotenv(&migrated)));
        }
    }
}
