use std::collections::BTreeSet;

use modelport_provider::settings::{KeepAlive, OllamaSettings, OpenAiSettings};

use super::super::names::{Standing, standing};
use super::super::tests::{config, of_dotenv, provider};
use super::super::{env_example, value};
use super::{Preset, all};

const EXAMPLE: &str = include_str!("../../../../../.env.example");

#[test]
fn every_sample_is_a_value_of_its_kind() {
    for setting in all() {
        setting
            .kind
            .check(setting.preset.sample())
            .unwrap_or_else(|wrong| panic!("{}: {wrong:?}", setting.name));
        assert_eq!(standing(setting.name), Standing::Known);
    }
    let names: BTreeSet<_> = all().map(|setting| setting.name).collect();
    assert_eq!(names.len(), all().count());
}

#[test]
fn the_table_has_the_librarys_defaults() {
    let preset = |name: &str| match all().find(|setting| setting.name == name).unwrap().preset {
        Preset::Value(text) => Some(text),
        Preset::Unset { .. } => None,
    };
    let generic = OpenAiSettings::default();
    assert_eq!(
        preset("OPENAI_COMPATIBLE_BASE_URL"),
        Some(generic.base_url.as_str())
    );
    assert_eq!(
        preset("OPENAI_COMPATIBLE_DEFAULT_MODEL"),
        generic.default_model.as_deref()
    );
    assert_eq!(
        value::seconds(preset("OPENAI_COMPATIBLE_TIMEOUT").unwrap()),
        Ok(generic.timeout)
    );
    assert_eq!(
        value::retries(preset("OPENAI_COMPATIBLE_MAX_RETRIES").unwrap()),
        Ok(generic.max_retries)
    );
    let ollama = OllamaSettings::default();
    assert_eq!(
        preset("OLLAMA_SETTINGS_BASE_URL"),
        Some(ollama.base_url.as_str())
    );
    assert_eq!(
        preset("OLLAMA_SETTINGS_DEFAULT_MODEL"),
        ollama.default_model.as_deref()
    );
    assert_eq!(
        value::seconds(preset("OLLAMA_SETTINGS_TIMEOUT").unwrap()),
        Ok(ollama.timeout)
    );
    assert_eq!(
        value::retries(preset("OLLAMA_SETTINGS_MAX_RETRIES").unwrap()),
        Ok(ollama.max_retries)
    );
    assert_eq!(
        value::chat_api(preset("OLLAMA_SETTINGS_CHAT_API").unwrap()),
        Ok(ollama.chat_api)
    );
    assert_eq!(
        preset("OLLAMA_SETTINGS_KEEP_ALIVE"),
        ollama.keep_alive.as_ref().map(KeepAlive::as_str)
    );
}

#[test]
fn the_example_file_is_made_from_the_table() {
    if std::env::var_os("UPDATE_EXAMPLE").is_some() {
        std::fs::write("../../.env.example", env_example()).unwrap();
        return;
    }
    assert_eq!(
        EXAMPLE,
        env_example(),
        "run this test with UPDATE_EXAMPLE=1 to write the file anew"
    );
}

#[test]
fn the_example_file_mentions_exactly_the_known_names() {
    let assigned: BTreeSet<&str> = EXAMPLE
        .lines()
        .filter_map(|line| line.strip_prefix('#')?.split_once('='))
        .map(|(name, _)| name)
        .filter(|name| !name.contains(' '))
        .collect();
    assert_eq!(assigned, all().map(|setting| setting.name).collect());
    let words = EXAMPLE
        .split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_' && letter != '*');
    for word in words.filter(|word| {
        word.contains('_') && !word.contains('*') && *word == word.to_ascii_uppercase()
    }) {
        assert_eq!(standing(word), Standing::Known, "{word}");
    }
}

#[test]
fn the_example_file_loads_as_it_is_and_uncommented() {
    let (as_it_is, empty) = (of_dotenv(EXAMPLE).unwrap(), config(&[]));
    assert_eq!(format!("{as_it_is:?}"), format!("{empty:?}"));

    let uncommented: String = EXAMPLE
        .lines()
        .map(|line| {
            line.strip_prefix('#')
                .filter(|rest| !rest.starts_with(' '))
                .unwrap_or(line)
                .to_owned()
                + "\n"
        })
        .collect();
    let loaded = of_dotenv(&uncommented).unwrap_or_else(|faults| panic!("{faults}"));
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
    assert!(provider(&loaded, "openai_compatible").key.is_some());
}
