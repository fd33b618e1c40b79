//! What is written of the metrics, against what there is: their documentation, the dashboard and the alerts.

use std::{collections::BTreeSet, fs, path::PathBuf};

use modelport::telemetry::metrics::table::{self, Kind};
use serde_json::Value;

use super::described;

/// The lines between which the table stands.
const BEGIN: &str = "<!-- Made from the table in crates/modelport/src/telemetry/metrics/. -->\n";
const END: &str = "<!-- The end of what is made. -->\n";

fn docs(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs")
        .join(name)
}

/// The table of the documentation.
fn table() -> String {
    let mut text = "| Metric | Type | Labels | Says |\n|---|---|---|---|\n".to_owned();
    for metric in table::all() {
        let labels: Vec<String> = metric
            .labels
            .iter()
            .map(|name| format!("`{name}`"))
            .collect();
        let (name, kind, labels) = (metric.sample(), metric.kind.as_str(), labels.join(", "));
        text.push_str(&format!(
            "| `{name}` | {kind} | {labels} | {}. |\n",
            metric.help
        ));
    }
    text
}

#[test]
fn the_document_lists_every_metric() {
    let path = docs("metrics.md");
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let expected = format!("{before}{BEGIN}\n{}\n{END}{after}", table());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &expected).unwrap();
    }
    assert!(
        text == expected || std::env::var_os("UPDATE_DOCS").is_some(),
        "docs/metrics.md is out of date: write it anew with UPDATE_DOCS=1"
    );
}

/// Words of a query that are its language's.
const LANGUAGE: [&str; 24] = [
    "sum",
    "rate",
    "increase",
    "by",
    "on",
    "le",
    "histogram_quantile",
    "max",
    "min",
    "count",
    "clamp_min",
    "time",
    "label_values",
    "and",
    "or",
    "unless",
    "absent",
    "topk",
    "group_left",
    "without",
    "avg",
    "delta",
    "changes",
    "offset",
];

/// Checks the metrics and labels that a query names.
fn check(query: &str) {
    let described = described();
    let name_of = |word: &str| {
        let histograms = ["_bucket", "_sum", "_count"];
        let stripped = histograms
            .iter()
            .find_map(|suffix| word.strip_suffix(suffix));
        let is_histogram = |name: &str| {
            table::all()
                .any(|metric| metric.name == name && matches!(metric.kind, Kind::Histogram(_)))
        };
        let name = stripped
            .filter(|name| is_histogram(name))
            .unwrap_or(word)
            .to_owned();
        (!is_histogram(word) && described.contains_key(&name)).then_some(name)
    };
    // What stands in quotes is a value, in brackets a range; what begins with $ is the dashboard's.
    let mut bare = String::new();
    let mut quoted = false;
    let mut ranged = false;
    for letter in query.chars() {
        match letter {
            '"' => quoted = !quoted,
            '[' => ranged = true,
            ']' => ranged = false,
            _ if quoted || ranged => {}
            letter => bare.push(letter),
        }
    }
    let words = bare
        .split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_' && letter != '$');
    let words: Vec<&str> = words
        .filter(|word| word.starts_with(|first: char| first.is_ascii_alphabetic()))
        .collect();
    let names: BTreeSet<String> = words.iter().filter_map(|word| name_of(word)).collect();
    assert!(!names.is_empty(), "no metric in {query}");
    let labels: BTreeSet<&str> = names
        .iter()
        .flat_map(|name| described[name].iter().copied())
        .collect();
    for word in words {
        let is_known = name_of(word).is_some() || labels.contains(word) || LANGUAGE.contains(&word);
        assert!(
            is_known,
            "{word} in {query} is neither a metric nor a label of one"
        );
    }
}

/// The values of a key, wherever it is.
fn values<'v>(value: &'v Value, key: &str, found: &mut Vec<&'v str>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(text) if name == key => found.push(text),
                    value => values(value, key, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| values(item, key, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn the_dashboard_asks_for_what_there_is() {
    let text = fs::read_to_string(docs("grafana/modelport.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&text).unwrap();
    let mut queries = Vec::new();
    values(&dashboard["panels"], "expr", &mut queries);
    values(&dashboard["templating"], "query", &mut queries);
    queries.retain(|query| *query != "prometheus");
    assert!(queries.len() > 15, "{}", queries.len());
    queries.into_iter().for_each(check);
    // What a legend shows is a label.
    let mut legends = Vec::new();
    values(&dashboard["panels"], "legendFormat", &mut legends);
    let labels: BTreeSet<&str> = described().into_values().flatten().collect();
    for legend in legends {
        for shown in legend.split("{{").skip(1) {
            let label = shown.split("}}").next().unwrap();
            assert!(labels.contains(label), "{label}");
        }
    }
}

#[test]
fn the_alerts_ask_for_what_there_is() {
    let text = fs::read_to_string(docs("grafana/alerts.yaml")).unwrap();
    let mut queries = 0;
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(query) = line.trim_start().strip_prefix("expr: ") else {
            continue;
        };
        let mut query = query.trim_start_matches('|').to_owned();
        if query.is_empty() {
            let indent = |line: &str| line.len() - line.trim_start().len();
            let own = indent(line);
            while let Some(more) = lines.next_if(|next| indent(next) > own) {
                query.push_str(more);
            }
        }
        check(&query);
        queries += 1;
    }
    assert!(queries > 10, "{queries}");
    let alerts = text
        .lines()
        .filter(|line| line.trim_start().starts_with("- alert: "));
    assert_eq!(alerts.count(), queries);
}
