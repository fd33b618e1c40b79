//! What is made from the table of keys, and the example: each in the repository as the table says.

use serde_json::Value;
use toml::de::{DeTable, DeValue};

use super::*;
use crate::config::{document, schema, schema_text};

const EXAMPLE: &str = include_str!("../../../../../../modelport.example.toml");
const SCHEMA: &str = include_str!("../../../../../../docs/modelport.schema.json");
const DOCUMENT: &str = include_str!("../../../../../../docs/configuration-file.md");
/// What stands before the tables in the documentation.
const BEFORE: &str = "## Every key\n\n";

#[test]
fn schema_and_documentation_are_made_from_the_table() {
    let (prose, tables) = DOCUMENT.split_once(BEFORE).unwrap();
    if std::env::var_os("UPDATE_EXAMPLE").is_some() {
        let root = "../../docs";
        std::fs::write(
            format!("{root}/modelport.schema.json"),
            schema_text() + "\n",
        )
        .unwrap();
        let text = format!("{prose}{BEFORE}{}", document());
        std::fs::write(format!("{root}/configuration-file.md"), text).unwrap();
        return;
    }
    let hint = "run this test with UPDATE_EXAMPLE=1 to write the files anew";
    assert!(SCHEMA.trim_end() == schema_text(), "{hint}");
    assert!(tables == document(), "{hint}");
}

#[test]
fn the_example_loads_as_it_is_and_uncommented() {
    let config = sound(EXAMPLE);
    assert!(config.warnings.is_empty(), "{}", warnings(&config));
    assert_eq!(config.routes.len(), 6);
    let enabled = config.providers.iter().filter(|provider| provider.enabled);
    assert_eq!(enabled.count(), 3);

    // Comments that are prose begin with a capital and hold no assignment.
    let uncomment = |line: &str| match line.strip_prefix("# ") {
        Some(rest) if rest.contains(" = ") || rest.starts_with("[[") => format!("{rest}\n"),
        _ => format!("{line}\n"),
    };
    let text: String = EXAMPLE.lines().map(uncomment).collect();
    let text = text.replace("file:/run/secrets/gateway-key", "a-long-key-for-tests");
    let text = text.replace("# [[providers]]", "[[providers]]");
    let variables = [
        ("GATEWAY_KEY", "a-long-random-key"),
        ("GROQ_API_KEY", "k-1"),
        ("GROQ_API_KEY_2", "k-2"),
        ("AZURE_API_KEY", "k-3"),
        ("INHOUSE_TOKEN", "k-4"),
    ];
    let config = both(&text, &variables).unwrap_or_else(|faults| panic!("{faults}"));
    assert!(config.warnings.is_empty(), "{}", warnings(&config));
    assert_eq!(provider(&config, "groq").further_keys.len(), 1);
    assert_eq!(fits(&json(&text), &schema()), Ok(()));
}

#[test]
fn the_schema_takes_what_the_reader_takes() {
    let check = |text: &str, expected: bool| {
        let found = fits(&json(text), &schema());
        assert_eq!(found.is_ok(), expected, "{text}: {found:?}");
        assert_eq!(both(text, &[("X", "5")]).is_ok(), expected, "{text}");
    };
    check(EXAMPLE, true);
    check("", true);
    check("[server]\nport = '${X}'\n", true);
    check("[server]\nport = 'x'\n", false);
    check("[server]\nport = 70000\n", false);
    check("[server]\nprot = 7\n", false);
    check("[server]\nbody_limit = '1 MiB'\n", true);
    check("[server]\nlog_level = 'LOUD'\n", false);
    check("[[providers]]\nid = 'groq'\n", true);
    check("[[providers]]\nname = 'groq'\n", false);
    check(&format!("{A}headers = {{ a = 'x' }}\n"), true);
    check(&format!("{A}headers = {{ a = 1 }}\n"), false);
    check(
        &format!("{A}api_keys = ['x', {{ key = 'y', weight = 2 }}]\n"),
        true,
    );
    check(&format!("{A}api_keys = [{{ weight = 2 }}]\n"), false);
    check(&format!("{A}api_keys = []\n"), false);
    let route = |rest: &str| format!("{A}[[routes]]\nmodel = 'm'\n{rest}\n");
    check(&route("targets = ['a', { target = 'a' }]"), true);
    check(&route("targets = ['a', { weight = 1 }]"), false);
    check(&route("targets = ['a']\npolicy = 'best'"), false);
    check(&route("targets = ['a']\nhedge = true"), true);
    check(&route("targets = ['a']\nhedge = 'yes'"), false);
    check(
        &route("targets = [{ target = 'a', when = { needs = ['tools'] } }]"),
        true,
    );
    check(
        &route("targets = [{ target = 'a', when = { needs = ['sight'] } }]"),
        false,
    );
}

/// A TOML text as JSON.
fn json(text: &str) -> Value {
    fn of(value: &DeValue<'_>) -> Value {
        match value {
            DeValue::String(text) => text.to_string().into(),
            DeValue::Integer(number) => number.to_string().parse::<i64>().unwrap().into(),
            DeValue::Float(number) => number.to_string().parse::<f64>().unwrap().into(),
            DeValue::Boolean(switch) => (*switch).into(),
            DeValue::Datetime(date) => date.to_string().into(),
            DeValue::Array(items) => items.iter().map(|item| of(item.get_ref())).collect(),
            DeValue::Table(table) => table_of(table),
        }
    }
    fn table_of(table: &DeTable<'_>) -> Value {
        let entries = table.iter();
        let entries = entries.map(|(key, value)| (key.get_ref().to_string(), of(value.get_ref())));
        Value::Object(entries.collect())
    }
    table_of(DeTable::parse(text).unwrap().get_ref())
}

/// Whether a value fits a schema, as far as ours uses the language.
fn fits(value: &Value, schema: &Value) -> Result<(), String> {
    for (word, said) in schema.as_object().unwrap() {
        let good = match word.as_str() {
            "$schema" | "title" | "description" | "default" => true,
            "type" => match said.as_str().unwrap() {
                "object" => value.is_object(),
                "array" => value.is_array(),
                "string" => value.is_string(),
                "boolean" => value.is_boolean(),
                "integer" => value.is_i64(),
                "number" => value.is_number(),
                other => panic!("type {other}"),
            },
            "anyOf" => {
                let mut schemas = said.as_array().unwrap().iter();
                schemas.any(|schema| fits(value, schema).is_ok())
            }
            "enum" => said.as_array().unwrap().contains(value),
            // The only one there is.
            "pattern" => value.as_str().is_some_and(|text| text.contains("${")),
            "minimum" => value.as_f64() >= said.as_f64(),
            "maximum" => value.as_f64() <= said.as_f64(),
            "minItems" => value.as_array().is_some_and(|items| !items.is_empty()),
            "items" => {
                for item in value.as_array().into_iter().flatten() {
                    fits(item, said)?;
                }
                true
            }
            "required" => said.as_array().unwrap().iter().all(|key| {
                let key = key.as_str().unwrap();
                value.get(key).is_some()
            }),
            "properties" => {
                for (key, value) in value.as_object().into_iter().flatten() {
                    if let Some(schema) = said.get(key) {
                        fits(value, schema)?;
                    }
                }
                true
            }
            "additionalProperties" => {
                let known = schema.get("properties");
                let mut entries = value.as_object().into_iter().flatten();
                entries.all(|(key, value)| {
                    let is_known = known.is_some_and(|known| known.get(key).is_some());
                    is_known || (said.is_object() && fits(value, said).is_ok())
                })
            }
            other => panic!("the schema says {other}"),
        };
        if !good {
            return Err(format!("{value} is not {word} {said}"));
        }
    }
    Ok(())
}
