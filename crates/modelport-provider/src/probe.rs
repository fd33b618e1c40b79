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

/// What the listing shows, for nothing.
pub fn read_listing(
    report: &mut Report,
    listing: &Result<Discovered, crate::Error>,
    model: &str,
) -> Option<ListedModel> {
    match listing {
        Ok(found) => {
            let count = found.models.len();
            report.note(
                Group::Endpoint,
                "model listing",
                Outcome::Yes,
                format!("{count} models"),
            );
            let listed = found.models.iter().find(|listed| {
                listed.id == model || listed.aliases.iter().any(|alias| alias == model)
            });
            let (outcome, evidence) = match listed {
                Some(_) => (Outcome::Yes, String::new()),
                None => (Outcome::No, "the listing does not name it".to_owned()),
            };
            report.note(Group::Endpoint, "model is listed", outcome, evidence);
            listed.cloned()
        }
        Err(error) => {
            let evidence = error.to_string();
            report.note(Group::Endpoint, "model listing", Outcome::No, evidence);
            None
        }
    }
}

/// Makes the calls of a plan. Where the endpoint gives no chat completion at all, the rest is left out.
pub async fn run(target: &Target<'_>, report: &mut Report) {
    let Some(limit) = limits::measure(target, report).await else {
        errors::measure(target, report).await;
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
    errors::measure(target, report).await;
}
