//! What a probe found as a file that can be used in configuration: written after a probe, read at a start.

use std::collections::HashMap;
use std::time::SystemTime;

use serde_json::{Map, Value, json};

use super::{Group, Outcome, Report, Target};
use crate::capability::{Capabilities, Capability, Source, Support};
use crate::parameters::{Developer, Messages, Parameters, Rule};
use crate::profile::Profile;
use crate::profiles::{self, GENERIC};
use crate::written::{Node, WrittenFault};

/// The slug that stands for no known provider.
const NO_PROVIDER: &str = "generic";

/// Fields that a request does as well without, and that are left out where they are refused.
const DISPENSABLE: [&str; 3] = ["n", "seed", "logprobs"];

/// What a file says.
#[derive(Debug)]
pub struct Probed {
    /// What the provider is and what it makes of fields. Made once at a start and kept to the end.
    pub profile: &'static Profile,
    /// What was found of models.
    models: HashMap<String, ProbedModel>,
}

/// What was found of one model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ProbedModel {
    /// What it can do and what not, from [`Source::Probed`].
    pub capabilities: Capabilities,
    /// Tokens that prompt and answer may have together.
    pub context_length: Option<u64>,
}

impl Probed {
    /// What was found of a model.
    pub fn model(&self, id: &str) -> Option<&ProbedModel> {
        self.models.get(id)
    }
}

/// The file's text. `by` names the program that probed.
pub fn write_profile(
    target: &Target<'_>,
    report: &Report,
    context_length: Option<u64>,
    at: SystemTime,
    by: &str,
) -> String {
    let abilities = report.capabilities.known();
    let abilities: Map<_, _> = abilities
        .map(|(capability, support, _)| (capability.as_str().to_owned(), json!(support.as_flag())))
        .collect();
    let mut model = json!({ "capabilities": abilities });
    if let Some(tokens) = context_length {
        model["context_length"] = json!(tokens);
    }
    let provider = target.provider;
    let slug = match provider.profile().slug {
        slug if slug == GENERIC.slug => NO_PROVIDER,
        slug => slug,
    };
    let seconds = at
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let seconds = i64::try_from(seconds.as_secs()).unwrap_or_default();
    let at = jiff::Timestamp::from_second(seconds).unwrap_or_default();
    let file = json!({
        "probed": {"at": at.to_string(), "base_url": provider.base_url().to_string(), "by": by},
        "profile": slug,
        "models": {target.model.clone(): model},
        "parameters": parameters(report),
    });
    let mut text = serde_json::to_string_pretty(&file).unwrap_or_default();
    text.push('\n');
    text
}

/// What follows for the fields of a request.
fn parameters(report: &Report) -> Value {
    let of = |group, what| report.outcome(group, what);
    let (older, newer) = ("max_tokens", "max_completion_tokens");
    let holds = |what| of(Group::Limits, what) == Some(Outcome::Yes);
    let fails = |what| {
        matches!(
            of(Group::Limits, what),
            Some(Outcome::Ignored | Outcome::Refused)
        )
    };
    let renamed = match (holds(older), holds(newer)) {
        (true, false) if fails(newer) => json!({newer: older}),
        (false, true) if fails(older) => json!({older: newer}),
        _ => json!({}),
    };
    let refused = |group, what| of(group, what) == Some(Outcome::Refused);
    let fields = DISPENSABLE.into_iter();
    let mut dropped: Vec<&str> = fields
        .filter(|field| refused(Group::Fields, field))
        .collect();
    if refused(Group::Streaming, "stream with stream_options") {
        dropped.push("stream_options");
    }
    let mut parameters = json!({"renamed": renamed, "dropped": dropped});
    if refused(Group::Messages, "role developer") {
        parameters["developer"] = json!("system");
    }
    parameters
}

/// Reads a file.
///
/// # Errors
///
/// The first value that cannot be used, with its place.
pub fn read_profile(text: &str) -> Result<Probed, WrittenFault> {
    let document = Node::document(text)?;
    let (mut at, mut base, mut models, mut changes) = (None, &GENERIC, Vec::new(), None);
    for (name, value) in document.members()? {
        match name.as_str() {
            "probed" => at = Some(read_time(&value)?),
            "profile" => base = read_slug(&value)?,
            "models" => models = value.members()?,
            "parameters" => changes = Some(read_parameters(&value)?),
            _ => {
                let remedy = "The fields are probed, profile, models and parameters.";
                return Err(value.fault("has no meaning", remedy));
            }
        }
    }
    let Some(at) = at else {
        let remedy = "Let `modelport probe --write FILE` write it.";
        return Err(document.fault("the file does not say when it was probed", remedy));
    };
    let models = models
        .into_iter()
        .map(|(id, value)| Ok((id, read_model(&value, at)?)))
        .collect::<Result<_, _>>()?;
    let profile = changes.map_or(base, |changes| changes.over(base));
    Ok(Probed { profile, models })
}

fn read_time(value: &Node<'_>) -> Result<SystemTime, WrittenFault> {
    let members = value.members()?;
    let at = members.into_iter().find(|(name, _)| name == "at");
    let remedy = "Write a time such as 2026-11-28T09:00:00Z.";
    let Some((_, at)) = at else {
        return Err(value.fault("has no time `at`", remedy));
    };
    let text = at.text()?;
    let time = text.parse::<jiff::Timestamp>();
    time.map(SystemTime::from)
        .map_err(|_| at.fault(format!("is {text:?}, no time"), remedy))
}

fn read_slug(value: &Node<'_>) -> Result<&'static Profile, WrittenFault> {
    let slug = value.text()?;
    if slug == NO_PROVIDER {
        return Ok(&GENERIC);
    }
    profiles::by_slug(&slug).ok_or_else(|| {
        let known: Vec<&str> = profiles::slugs().collect();
        let remedy = format!("Use {NO_PROVIDER} or one of {}.", known.join(", "));
        value.fault(format!("is {slug:?}, which is no known provider"), remedy)
    })
}

fn read_model(value: &Node<'_>, at: SystemTime) -> Result<ProbedModel, WrittenFault> {
    let mut model = ProbedModel::default();
    for (name, value) in value.members()? {
        match name.as_str() {
            "context_length" => model.context_length = Some(value.count()?),
            "capabilities" => {
                for (name, value) in value.members()? {
                    let Some(capability) = Capability::named(&name) else {
                        let names = Capability::ALL.map(Capability::as_str).join(", ");
                        let remedy = format!("The capabilities are {names}.");
                        return Err(value.fault("is no capability", remedy));
                    };
                    let support = Support::from(value.switch()?);
                    let found = &mut model.capabilities;
                    found.note_seen(capability, support, Source::Probed, at);
                }
            }
            _ => {
                let remedy = "The fields are capabilities and context_length.";
                return Err(value.fault("has no meaning", remedy));
            }
        }
    }
    Ok(model)
}

/// What a file changes in what its provider is known to make of fields.
#[derive(Default)]
struct Changes {
    renamed: Vec<(String, String)>,
    dropped: Vec<String>,
    developer: Option<Developer>,
}

fn read_parameters(value: &Node<'_>) -> Result<Changes, WrittenFault> {
    let mut changes = Changes::default();
    for (name, value) in value.members()? {
        match name.as_str() {
            "renamed" => {
                for (field, to) in value.members()? {
                    changes.renamed.push((field, to.text()?));
                }
            }
            "dropped" => {
                for field in value.values()? {
                    changes.dropped.push(field.text()?);
                }
            }
            "developer" if value.text()? == "system" => {
                changes.developer = Some(Developer::AsSystem);
            }
            "developer" => {
                return Err(value.fault("names another role", "Write \"system\"."));
            }
            _ => {
                let remedy = "The fields are renamed, dropped and developer.";
                return Err(value.fault("has no meaning", remedy));
            }
        }
    }
    Ok(changes)
}

impl Changes {
    /// The profile with these changes. Profiles last as long as the program, so it is given to it for good; a start reads a
    /// handful.
    fn over(self, base: &'static Profile) -> &'static Profile {
        let mut rules: Vec<Rule> = Vec::new();
        for (field, to) in self.renamed {
            rules.push(Rule::renamed(kept(field), kept(to)));
        }
        rules.extend(
            self.dropped
                .into_iter()
                .map(|field| Rule::dropped(kept(field))),
        );
        if rules.is_empty() && self.developer.is_none() {
            return base;
        }
        // What was measured stands before what is written about the provider.
        let written = base.parameters.rules.iter().map(|rule| Rule {
            field: rule.field,
            models: rule.models,
            then: rule.then,
        });
        rules.extend(written);
        let messages = Messages {
            developer: self.developer.unwrap_or(base.parameters.messages.developer),
            ..base.parameters.messages
        };
        Box::leak(Box::new(Profile {
            parameters: Parameters {
                known: base.parameters.known,
                rules: Vec::leak(rules),
                messages,
                stream_usage: base.parameters.stream_usage,
            },
            ..*base
        }))
    }
}

/// A name that lasts as long as the program.
fn kept(name: String) -> &'static str {
    String::leak(name)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::openai_compatible::OpenAiCompatibleProvider;
    use crate::parameters::Treatment;

    fn found() -> Report {
        let mut report = Report::default();
        let mut note = |group, what, outcome| report.note(group, what, outcome, "");
        note(Group::Limits, "max_tokens", Outcome::Yes);
        note(Group::Limits, "max_completion_tokens", Outcome::Ignored);
        note(Group::Fields, "n", Outcome::Refused);
        note(Group::Fields, "seed", Outcome::Taken);
        note(Group::Messages, "role developer", Outcome::Refused);
        let abilities = &mut report.capabilities;
        abilities.note(Capability::Tools, Support::No, Source::Probed);
        abilities.note(Capability::Chat, Support::Yes, Source::Probed);
        report
    }

    #[test]
    fn what_is_written_is_read_again() {
        let provider = OpenAiCompatibleProvider::builder("http://127.0.0.1:1/v1");
        let provider = provider.build().unwrap();
        let target = Target {
            provider: &provider,
            stranger: None,
            model: "m:1".to_owned(),
            embedding_model: None,
        };
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
        let text = write_profile(&target, &found(), Some(4096), at, "modelport 0");
        assert!(text.contains("\"at\": \"2026-09-21T14:13:20Z\""), "{text}");
        let probed = read_profile(&text).unwrap();
        let model = probed.model("m:1").unwrap();
        assert!(model.capabilities.lacks(Capability::Tools));
        assert_eq!(model.capabilities.seen(Capability::Tools), Some(at));
        assert_eq!(model.context_length, Some(4096));
        assert_eq!(probed.model("other"), None);
        let parameters = &probed.profile.parameters;
        let rules: Vec<_> = parameters
            .rules
            .iter()
            .map(|rule| (rule.field, rule.then))
            .collect();
        assert_eq!(
            rules,
            [
                ("max_completion_tokens", Treatment::Renamed("max_tokens")),
                ("n", Treatment::Dropped),
            ]
        );
        assert_eq!(parameters.messages.developer, Developer::AsSystem);
        assert_eq!(probed.profile.slug, GENERIC.slug);
    }

    #[test]
    fn a_file_may_name_a_known_provider() {
        let text = r#"{"probed":{"at":"2026-11-28T09:00:00Z"},"profile":"vllm","parameters":{"dropped":["x"]}}"#;
        let profile = read_profile(text).unwrap().profile;
        assert_eq!(profile.slug, "vllm");
        assert_eq!(profile.parameters.rules[0].field, "x");
        let plain = r#"{"probed":{"at":"2026-11-28T09:00:00Z"},"profile":"vllm"}"#;
        let known = profiles::by_slug("vllm").unwrap();
        assert!(std::ptr::eq(read_profile(plain).unwrap().profile, known));
    }

    #[test]
    fn what_cannot_be_used_is_told_with_its_place() {
        for (text, expected) in [
            ("{}", "1:1: the file does not say when it was probed."),
            (r#"{"probed":{}}"#, "1:11: probed has no time `at`."),
            (
                r#"{"probed":{"at":"noon"}}"#,
                "1:17: probed.at is \"noon\", no time.",
            ),
            (
                r#"{"profile":"vlm"}"#,
                "1:12: profile is \"vlm\", which is no known provider. Use generic or one of openrouter,",
            ),
            (r#"{"model":{}}"#, "1:10: model has no meaning."),
            (
                r#"{"probed":{"at":"2026-11-28T09:00:00Z"},"models":{"m":{"capabilities":{"tools":"yes"}}}}"#,
                "1:80: models.m.capabilities.tools is \"yes\", not true or false.",
            ),
            (
                r#"{"parameters":{"renamed":["a"]}}"#,
                "1:26: parameters.renamed is [\"a\"], not an object.",
            ),
        ] {
            let fault = read_profile(text).unwrap_err().to_string();
            assert!(fault.starts_with(expected), "{fault}\nis not\n{expected}");
        }
    }
}
