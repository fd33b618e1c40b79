mod openai_compatible_provider {
    use std::time::Duration;

    use super::super::{OllamaSettings, OpenAiSettings, SettingsFault};
    use crate::base_url::BaseUrlFault;
    use crate::credential::{Secret, custom_headers_from_json};

    #[test]
    fn defaults_are_the_documented_ones_and_valid() {
        let settings = OpenAiSettings::default();
        assert!(
            settings.enabled && settings.api_key.is_none() && settings.custom_headers.is_empty()
        );
        assert_eq!(
            settings.default_model.as_deref(),
            Some("anthropic/claude-3.5-sonnet")
        );
        assert_eq!(
            (settings.timeout, settings.max_retries),
            (Duration::from_secs(30), 3)
        );
        assert_eq!(
            settings.validate().unwrap().to_string(),
            "https://openrouter.ai/api/v1"
        );

        let settings = OllamaSettings::default();
        assert!(settings.enabled && settings.default_model.is_none());
        assert_eq!(
            (settings.timeout, settings.max_retries),
            (Duration::from_secs(30), 3)
        );
        assert_eq!(
            settings.validate().unwrap().to_string(),
            "http://localhost:11434"
        );
    }

    #[test]
    fn bounds_are_kept() {
        let check = |change: fn(&mut OpenAiSettings), expected: SettingsFault| {
            let mut settings = OpenAiSettings::default();
            change(&mut settings);
            assert_eq!(settings.validate().unwrap_err(), expected);
        };

        check(|s| s.timeout = Duration::ZERO, SettingsFault::Timeout);
        check(
            |s| s.timeout = Duration::from_secs(86_401),
            SettingsFault::Timeout,
        );
        check(|s| s.max_retries = 101, SettingsFault::MaxRetries);
        check(
            |s| s.base_url = String::new(),
            SettingsFault::BaseUrl(BaseUrlFault::Empty),
        );
    }

    #[test]
    fn debug_shows_no_secret() {
        let settings = OpenAiSettings {
            api_key: Some(Secret::new("hush-key").unwrap()),
            base_url: "https://me:hush@gateway.test/v1".to_owned(),
            custom_headers: custom_headers_from_json(r#"{"x-key":"hush"}"#).unwrap(),
            ..OpenAiSettings::default()
        };
        let shown = format!("{settings:?}");
        assert!(
            !shown.contains("hush") && shown.contains("x-key"),
            "{shown}"
        );
        let settings = OllamaSettings {
            base_url: "http://a:hush@h".to_owned(),
            ..OllamaSettings::default()
        };
        assert!(!format!("{settings:?}").contains("hush"));
    }
}
