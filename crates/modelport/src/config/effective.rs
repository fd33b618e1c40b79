//! Which value each setting has and where it is set, for people to look at. It shows no secret.

use url::Url;

use super::environment::Environment;
use super::setting::{self, GENERIC_PREFIX, Kind, OLLAMA_PREFIX, Preset, Setting};

/// What stands for a secret.
const HIDDEN: &str = "(hidden)";

/// One setting as it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective {
    /// Its variable, or its key in the configuration file.
    pub name: String,
    /// Its text, if it has one; of a secret only that it is set.
    pub value: Option<String>,
    /// Where it is set; `None` where it is not.
    pub source: Option<String>,
    /// What it does.
    pub help: &'static str,
}

/// Every setting of the table, and those that are set beside it for further providers.
pub(super) fn of(environment: &Environment) -> Vec<Effective> {
    let mut all = Vec::new();
    for setting in setting::all() {
        if !environment.is_set(setting.name) {
            let value = match setting.preset {
                Preset::Value(text) => Some(text.to_owned()),
                Preset::Unset { .. } => None,
            };
            all.push(Effective {
                name: setting.name.to_owned(),
                value,
                source: None,
                help: setting.help,
            });
        }
    }
    for (name, text, origin, written) in environment.entries() {
        let known = known(name);
        let shown = written.map(str::to_owned);
        let shown = shown.unwrap_or_else(|| shown_text(known.map(|setting| setting.kind), text));
        let source = origin.line.as_ref();
        let source = source.map(|(file, line)| format!("{}:{line}", file.display()));
        all.push(Effective {
            name: if origin.is_of_file() {
                origin.variable.clone()
            } else {
                name.to_owned()
            },
            value: Some(shown),
            source: Some(source.unwrap_or_else(|| "environment".to_owned())),
            help: known.map_or("", |setting| setting.help),
        });
    }
    all
}

/// The setting of this name, or the one whose name ends in the same way for another provider.
fn known(name: &str) -> Option<&'static Setting> {
    let exact = setting::all().find(|setting| setting.name == name);
    exact.or_else(|| {
        let mut alike = setting::all().filter(|setting| {
            let field = setting.name.strip_prefix(GENERIC_PREFIX);
            let field = field.or_else(|| setting.name.strip_prefix(OLLAMA_PREFIX));
            let rest = field.and_then(|field| name.strip_suffix(field));
            rest.is_some_and(|rest| rest.ends_with(['_', '.']))
        });
        alike.next()
    })
}

/// What is shown of a value. What is not known may be a secret.
fn shown_text(kind: Option<Kind>, text: &str) -> String {
    match kind {
        None | Some(Kind::Secret | Kind::Keys | Kind::Headers | Kind::TraceHeaders) => {
            HIDDEN.to_owned()
        }
        Some(Kind::BaseUrl | Kind::OllamaUrl) => shown_url(text, Url::path),
        Some(Kind::Database | Kind::Redis | Kind::Webhook | Kind::Collector) => {
            shown_url(text, |url| if url.path().len() > 1 { "/…" } else { "" })
        }
        Some(_) => text.to_owned(),
    }
}

/// A URL without what may be secret in it, the user and the parameters, and with so much of its path.
fn shown_url(text: &str, path: impl FnOnce(&Url) -> &str) -> String {
    let Ok(url) = Url::parse(text) else {
        return HIDDEN.to_owned();
    };
    let port = url
        .port()
        .map_or_else(String::new, |port| format!(":{port}"));
    format!(
        "{}://{}{port}{}",
        url.scheme(),
        url.host_str().unwrap_or_default(),
        path(&url).trim_end_matches('/')
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::config;

    #[test]
    fn values_come_with_their_source_and_without_secrets() {
        let config = config(&[
            ("PORT", "81"),
            (
                "OPENAI_COMPATIBLE_BASE_URL",
                "http://127.0.0.1:1/v1?api-version=hush",
            ),
            ("OPENAI_COMPATIBLE_A_BASE_URL", "http://127.0.0.1:2"),
            ("OPENAI_COMPATIBLE_A_API_KEY", "hush-hush"),
            ("OPENAI_COMPATIBLE_A_CUSTOM_HEADERS", r#"{"a": "hush"}"#),
            ("MODELPORT_API_KEY", "hush-hush-hush-hush"),
            ("MODELPORT_BUDGET_WEBHOOK", "https://hooks.example.com/hush"),
        ]);
        let text = format!("{:?}", config.settings);
        assert!(!text.contains("hush"), "{text}");
        let of = |name: &str| {
            let mut all = config
                .settings
                .iter()
                .filter(|setting| setting.name == name);
            let found = all.next().unwrap();
            assert_eq!(all.next(), None);
            (found.value.as_deref(), found.source.as_deref())
        };
        assert_eq!(of("PORT"), (Some("81"), Some("environment")));
        assert_eq!(of("HOST"), (Some("127.0.0.1"), None));
        assert_eq!(of("MODELPORT_ADMIN_KEY"), (None, None));
        let webhook = Some("https://hooks.example.com/…");
        assert_eq!(
            of("MODELPORT_BUDGET_WEBHOOK"),
            (webhook, Some("environment"))
        );
        let url = Some("http://127.0.0.1:2");
        assert_eq!(
            of("OPENAI_COMPATIBLE_A_BASE_URL"),
            (url, Some("environment"))
        );
    }
}
