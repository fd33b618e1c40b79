//! What the settings come to, as one readable block: said at the start and by `check`. It shows no secret.

mod routes;

use std::fmt::Write;

use modelport_provider::credential::has_credential;
use modelport_provider::parameters::Policy;
use modelport_provider::profiles::GENERIC;
use modelport_provider::settings::{ChatApi, Http2};

use super::providers::{OllamaChat, ProviderConfig};
use super::{Config, ServerConfig};

pub(super) use self::routes::of_route;

/// How wide the names of the facts stand.
const LABEL: usize = 15;

/// What is known of one provider's models.
#[derive(Debug, Clone)]
pub struct ModelSummary {
    /// The provider's id.
    pub provider: String,
    /// How many, and where the list comes from.
    pub text: String,
}

/// The block: the server, each provider, the warnings. A provider without a summary is shown without its models.
pub fn startup_block(config: &Config, models: &[ModelSummary]) -> String {
    let mut block = String::new();
    server(&mut block, config);
    for (index, provider) in config.providers.iter().enumerate() {
        let summary = models
            .iter()
            .find(|summary| summary.provider == provider.id);
        head(&mut block, provider, index == config.preferred);
        if provider.enabled {
            facts(&mut block, provider, summary);
        }
    }
    routes::block(&mut block, config);
    if !config.warnings.is_empty() {
        block.push_str("\nWarnings\n");
        for warning in &config.warnings {
            line(&mut block, format_args!("  {warning}"));
        }
    }
    block.truncate(block.trim_end().len());
    block
}

fn server(block: &mut String, config: &Config) {
    let server = &config.server;
    line(block, format_args!("Server"));
    if let Some(file) = &config.file {
        fact(block, "file", &file.display().to_string());
    }
    fact(block, "address", &address(server));
    let keys = &server.api_keys_variable;
    let callers = match (server.api_keys.len(), server.is_local()) {
        (0, true) => format!("no key needed, from this machine only ({keys} is not set)"),
        (0, false) => format!("anybody who reaches it, without a key ({keys} is not set)"),
        (1, _) => format!("one key, set by {keys}"),
        (count, _) => format!("any of {count} keys, set by {keys}"),
    };
    fact(block, "callers", &callers);
    let fallback = if config.provider_fallback {
        "to another provider that has the model"
    } else {
        "off"
    };
    fact(block, "fallback", fallback);
    let storage = &config.storage;
    if let (Some(directory), Some(database)) = (&storage.data_dir, &storage.database) {
        fact(block, "ledger in", &database.to_string());
        fact(block, "journal in", &directory.display().to_string());
    }
    if let Some(cache) = &config.cache {
        fact(block, "cache", &cache.to_string());
    }
    if let Some(traces) = &config.traces {
        fact(block, "traces to", &traces.endpoint.to_string());
    }
    if let Some(redis) = &storage.redis {
        fact(block, "limits in", &redis.url.to_string());
    }
    if let Some(webhook) = &server.budget_webhook {
        fact(block, "budgets told to", &webhook.to_string());
    }
    if !config.catalogue.is_empty() {
        let count = config.catalogue.len();
        let models = if count == 1 {
            "1 model"
        } else {
            &format!("{count} models")
        };
        fact(
            block,
            "catalogue",
            &format!("{models} overridden by the catalogue file"),
        );
    }
    fact(block, "log level", &config.log_level.to_string());
}

fn address(server: &ServerConfig) -> String {
    match (server.host.contains(':'), server.port) {
        (_, 0) => format!("a free port of {}", server.host),
        (true, port) => format!("http://[{}]:{port}/v1", server.host),
        (false, port) => format!("http://{}:{port}/v1", server.host),
    }
}

fn head(block: &mut String, provider: &ProviderConfig, preferred: bool) {
    let aliases = match provider.aliases.as_slice() {
        [] => String::new(),
        aliases => format!(" (also {})", aliases.join(", ")),
    };
    let standing = match (provider.enabled, preferred) {
        (false, _) => ", disabled",
        (true, true) => ", preferred",
        (true, false) => "",
    };
    line(
        block,
        format_args!(
            "\nProvider {}{aliases}: {}{standing}",
            provider.id, provider.name
        ),
    );
}

fn facts(block: &mut String, provider: &ProviderConfig, summary: Option<&ModelSummary>) {
    fact(block, "base URL", &provider.base_url.to_string());
    fact(block, "known as", &known_as(provider));
    fact(block, "key", &key(provider));
    let model = provider
        .default_model
        .as_deref()
        .unwrap_or("none; every request must name its model");
    fact(block, "default model", model);
    let times = match provider.max_retries {
        0 => "no retries".to_owned(),
        1 => "1 retry".to_owned(),
        count => format!("{count} retries"),
    };
    fact(
        block,
        "timeout",
        &format!("{} s of silence, {times}", provider.timeout.as_secs_f64()),
    );
    if let Some(room) = provider.room {
        fact(
            block,
            "at once",
            &format!(
                "{} requests; {} more wait, {} s at most",
                room.concurrency,
                room.queue,
                room.patience.as_secs_f64()
            ),
        );
    }
    if provider.http2 != Http2::Off {
        fact(block, "HTTP/2", provider.http2.as_str());
    }
    if let Some(discount) = provider.discount {
        fact(block, "discount", &format!("{discount} off computed costs"));
    }
    if let Some(ollama) = &provider.ollama {
        fact(block, "chats", &chats(ollama));
    }
    if let Some(summary) = summary {
        fact(block, "models", &summary.text);
    }
}

/// What the provider is known to be, and what follows for a request's fields.
fn known_as(provider: &ProviderConfig) -> String {
    let what = match provider.profile.slug {
        slug if slug == GENERIC.slug => "nothing yet; its listing may tell",
        slug => slug,
    };
    let fields = match provider.policy(provider.profile) {
        Policy::Pass => "every field is sent",
        Policy::Warn => "fields it does not take are mapped or dropped, and told",
        Policy::Strict => "fields it does not take are refused",
    };
    format!("{what}; {fields}")
}

fn chats(ollama: &OllamaChat) -> String {
    let path = ollama.api.path();
    match (ollama.api, &ollama.keep_alive) {
        (ChatApi::OpenAi, _) => format!("{path}, passed through"),
        (ChatApi::Native, None) => format!("{path}, translated"),
        (ChatApi::Native, Some(keep)) => {
            format!("{path}, translated; keep_alive {}", keep.as_str())
        }
    }
}

fn key(provider: &ProviderConfig) -> String {
    let variable = &provider.key_variable;
    match (has_credential(&provider.headers), &provider.key) {
        (true, _) if !provider.further_keys.is_empty() => {
            let count = provider.further_keys.len() + 1;
            format!("{count} keys, the first set by {variable}")
        }
        (true, _) => format!("set by {variable}"),
        (false, _) if provider.base_url.is_private() => "none".to_owned(),
        (false, _) => format!("none; if it wants one, set {variable}"),
    }
}

fn fact(block: &mut String, label: &str, value: &str) {
    line(block, format_args!("  {label:LABEL$} {value}"));
}

fn line(block: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(block, "{text}");
}

#[cfg(test)]
mod tests;
