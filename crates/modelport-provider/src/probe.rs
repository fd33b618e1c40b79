//! Measures an endpoint by real calls: what it takes, what it ignores, what it refuses. A call costs something, so the plan
//! with its bounds is there before the first one is made. Each check has its file and is pure but for the call itself.

mod cancel;
mod embed;
mod errors;
mod exchange;
mod fields;
mod json;
mod limits;
mod messages;
mod plain;
mod plan;
mod profile;
mod report;
mod stream;
mod tools;

use crate::{
    listing::ListedModel,
    provider::{Discovered, Provider},
    resolution::Spelling,
};

use exchange::Exchange;
pub use plan::{Cost, Plan};
pub use profile::{Probed, ProbedModel, read_profile, write_profile};
pub use report::{Finding, Group, Outcome, Report};

/// What is to be measured.
pub struct Target<'a> {
    /// The endpoint.
    pub provider: &'a dyn Provider,
    /// The same endpoint with a key that is surely wrong; `None` where no key is shown, so that none can be wrong.
    pub stranger: Option<&'a dyn Provider>,
    /// The model to ask.
    pub model: String,
    /// A model that makes embeddings.
    pub embedding_model: Option<String>,
}

/// One call of a check: what is asked, and how the answer is read.
struct Check {
    /// The body less its model and its limit.
    ask: fn() -> serde_json::Value,
    /// The most tokens that the answer may have.
    output: u64,
    /// What the answer shows.
    read: fn(&Exchange, &mut Report),
}

/// The checks that are one chat completion each, in the order in which they are made.
const CHECKS: [&Check; 15] = [
    &plain::CHAT,
    &stream::WITH_USAGE,
    &stream::WITHOUT_USAGE,
    &tools::FORCED,
    &tools::PARALLEL,
    &tools::STREAMED,
    &json::MODE,
    &json::SCHEMA,
    &messages::DEVELOPER,
    &messages::TWO_SYSTEMS,
    &messages::IMAGE,
    &fields::UNKNOWN,
    &fields::CHOICES,
    &fields::SEED,
    &fields::LOGPROBS,
];

/// What the listing shows, for nothing; the model's own entry, if it has one.
pub fn read_listing(
    report: &mut Report,
    listing: &Result<Discovered, crate::Error>,
    target: &Target<'_>,
) -> Option<ListedModel> {
    let found = match listing {
        Ok(found) => found,
        Err(error) => {
            let evidence = error.to_string();
            report.note(Group::Endpoint, "model listing", Outcome::No, evidence);
            return None;
        }
    };
    let evidence = match found.models.len() {
        1 => "1 model".to_owned(),
        count => format!("{count} models"),
    };
    report.note(Group::Endpoint, "model listing", Outcome::Yes, evidence);
    let model = target.model.as_str();
    let mut models = found.models.iter();
    let listed = models
        .find(|listed| listed.id == model || listed.aliases.iter().any(|alias| alias == model));
    let spelling = target.provider.profile().spelling;
    let near = |listed: &&ListedModel| spelling.matches(model, |id| id == listed.id);
    let near = found.models.iter().find(near);
    let (outcome, evidence) = match (listed, near) {
        (Some(_), _) => (Outcome::Yes, String::new()),
        (None, Some(near)) => (Outcome::Yes, format!("as {}", near.id)),
        (None, None) => (Outcome::No, "the listing does not name it".to_owned()),
    };
    report.note(Group::Endpoint, "model is listed", outcome, evidence);
    // A variant has a price of its own.
    listed
        .or(near.filter(|_| spelling != Spelling::OpenRouter))
        .cloned()
}

/// Makes the calls of a plan. Where the endpoint gives no chat completion at all, the rest is left out.
pub async fn run(target: &Target<'_>, report: &mut Report) {
    let Some(limit) = limits::measure(target, report).await else {
        errors::measure(target, limits::Limit::OLDER, report).await;
        return;
    };
    for check in CHECKS {
        let mut body = (check.ask)();
        limit.put(&mut body, check.output);
        let exchange = report.chat(target, body).await;
        (check.read)(&exchange, report);
    }
    cancel::measure(target, limit, report).await;
    embed::measure(target, report).await;
    errors::measure(target, limit, report).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{listing::read_listing as read, ollama::OllamaProvider};

    #[test]
    fn a_model_is_found_by_another_spelling() {
        let provider = OllamaProvider::new("http://127.0.0.1:1").unwrap();
        let listed = |model: &str| {
            let models = read(br#"[{"name":"small:latest"}]"#, "ollama")
                .unwrap()
                .models;
            let listing = Ok(Discovered { models, skipped: 0 });
            let target = Target {
                provider: &provider,
                stranger: None,
                model: model.to_owned(),
                embedding_model: None,
            };
            let mut report = Report::default();
            let entry = read_listing(&mut report, &listing, &target);
            let outcome = report.outcome(Group::Endpoint, "model is listed");
            (entry.map(|entry| entry.id), outcome.unwrap())
        };
        let found = Some("small:latest".to_owned());
        assert_eq!(listed("small"), (found.clone(), Outcome::Yes));
        assert_eq!(listed("small:latest"), (found, Outcome::Yes));
        assert_eq!(listed("large"), (None, Outcome::No));
    }
}
