//! From a request and what a provider makes of its fields to the edits that make the request fit, and the receipt.

use std::ops::Range;

use bytes::Bytes;

use super::{Known, Models, Parameters, Policy, Rule, StreamUsage, Treatment, may_be_left_out};
use crate::{
    capability::Capability,
    catalogue,
    receipt::{Fate, Receipt},
    scan,
    splice::{self, Ask, Edit, Spliced},
};

/// The provider and the model that a request is made to fit.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// What the provider makes of the fields.
    pub parameters: &'static Parameters,
    /// The section of the catalogue with its models.
    pub catalogue: Option<&'static str>,
    /// The model as the provider knows it.
    pub model: &'a str,
    /// The model as the catalogue knows it.
    pub known_as: &'a str,
    /// What is done about fields that do not fit.
    pub policy: Policy,
    /// The fields that the provider was seen to refuse with this model, by the names that it knows. Those that decide
    /// [what is asked for](super::may_be_left_out) are sent all the same.
    pub refused: &'a [Box<str>],
    /// Whether a stream is to tell its usage even where the caller has not asked for it.
    pub wants_usage: bool,
}

/// A request made to fit.
#[derive(Debug)]
pub struct Adapted {
    /// The body to send.
    pub body: Spliced,
    /// What was not simply sent.
    pub receipt: Receipt,
    /// Whether the stream was asked for its usage without the caller having done so.
    pub usage_is_ours: bool,
}

/// A field that the policy does not let pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The field.
    pub field: String,
    /// What would have become of it.
    pub fate: Fate,
}

/// What becomes of one member of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Verdict {
    Sent,
    Renamed(&'static str),
    Revalued(&'static str),
    Gone,
}

/// Makes `body` fit: sets the model, and treats each field as the provider wants it.
///
/// # Errors
/// Under [`Policy::Strict`], the first field that would not be sent as it came.
pub fn adapt(body: &Bytes, ask: &Ask, target: &Target<'_>) -> Result<Adapted, Refusal> {
    let usage = usage_edit(body, ask, target);
    let takes_all = target.parameters.takes_all() && target.refused.is_empty();
    if target.policy == Policy::Pass || takes_all {
        let mut adapted = Adapted {
            body: splice::with_model(body, ask, target.model),
            receipt: Receipt::default(),
            usage_is_ours: usage.is_some(),
        };
        if let Some(usage) = usage {
            let model = splice::model_edit(body, ask, target.model, ask.fields().len());
            let edits: Vec<Edit> = model.into_iter().chain([usage]).collect();
            adapted.body = splice::apply(body, &edits);
            adapted.receipt.note(STREAM_OPTIONS, Fate::Added);
        }
        return Ok(adapted);
    }
    let mut receipt = Receipt::default();
    let mut edits = Vec::new();
    let mut verdicts = verdicts(body, ask, target, &mut receipt);
    give_way(body, ask, &mut verdicts, &mut receipt);
    for (field, verdict) in ask.fields().iter().zip(&verdicts) {
        match verdict {
            Verdict::Sent | Verdict::Gone => {}
            Verdict::Renamed(to) => edits.push(Edit {
                range: field.name.clone(),
                replacement: Bytes::from(format!("\"{to}\"")),
            }),
            Verdict::Revalued(to) => edits.push(Edit {
                range: field.value.clone(),
                replacement: Bytes::from_static(to.as_bytes()),
            }),
        }
        if *verdict == Verdict::Sent && field.key(body) == "messages" {
            let messages = &target.parameters.messages;
            edits.extend(messages.edits(body, &field.value, &mut receipt));
        }
    }
    if target.policy == Policy::Strict
        && let Some(note) = receipt.notes().first()
    {
        return Err(Refusal {
            field: note.field.clone(),
            fate: note.fate.clone(),
        });
    }
    let places: Vec<_> = ask
        .fields()
        .iter()
        .map(|field| (field.name.start, field.value.end))
        .collect();
    let gone: Vec<_> = verdicts
        .iter()
        .map(|verdict| *verdict == Verdict::Gone)
        .collect();
    let stay = gone.iter().filter(|gone| !**gone).count();
    edits.extend(splice::removals(&places, &gone));
    edits.extend(splice::model_edit(body, ask, target.model, stay));
    let usage_is_ours = usage.is_some();
    if let Some(usage) = usage {
        edits.push(usage);
        receipt.note(STREAM_OPTIONS, Fate::Added);
    }
    Ok(Adapted {
        body: splice::apply(body, &edits),
        receipt,
        usage_is_ours,
    })
}

const STREAM_OPTIONS: &str = "stream_options";

/// What asks a stream for its usage, and nothing else.
const OPTIONS: &str = "{\"include_usage\":true}";

/// The edit that asks a stream for its usage, where that is wanted and the caller has not. Options that are there but
/// empty stay so: to vLLM they ask for it (vllm-project/vllm, `engine/protocol.py`).
fn usage_edit(body: &[u8], ask: &Ask, target: &Target<'_>) -> Option<Edit> {
    let wanted =
        target.wants_usage && target.policy != Policy::Pass && !is_refused(target, STREAM_OPTIONS);
    let is_asked = target.parameters.stream_usage == StreamUsage::Unasked || ask.include_usage();
    if !wanted || !ask.stream() || is_asked {
        return None;
    }
    let options = ask
        .fields()
        .iter()
        .find(|field| field.key(body) == STREAM_OPTIONS);
    match options {
        Some(field) if body.get(field.value.clone()) == Some(b"null") => Some(Edit {
            range: field.value.clone(),
            replacement: Bytes::from_static(OPTIONS.as_bytes()),
        }),
        Some(field) => {
            let options = body.get(field.value.clone())?;
            let (mut said, mut first) = (None, None);
            let read = scan::members(options, |option| {
                first.get_or_insert(option.name.start);
                if option.key == "include_usage" {
                    said = Some(option.value.clone());
                }
            });
            let at = |range: Range<usize>| {
                range.start + field.value.start..range.end + field.value.start
            };
            match (read, said, first) {
                (Ok(()), Some(said), _) => Some(Edit {
                    range: at(said),
                    replacement: Bytes::from_static(b"true"),
                }),
                (Ok(()), None, Some(first)) => Some(Edit {
                    range: at(first..first),
                    replacement: Bytes::from_static(b"\"include_usage\":true,"),
                }),
                (Ok(()), None, None) | (Err(_), _, _) => None,
            }
        }
        // Behind a last member rather than before the first, where the model may be put in.
        None => {
            let end = ask.fields().last()?.value.end;
            Some(Edit {
                range: end..end,
                replacement: Bytes::from(format!(",\"{STREAM_OPTIONS}\":{OPTIONS}")),
            })
        }
    }
}

fn verdicts(body: &[u8], ask: &Ask, target: &Target<'_>, receipt: &mut Receipt) -> Vec<Verdict> {
    let fields = ask.fields().iter();
    fields
        .map(|field| {
            let key = field.key(body);
            let value = body.get(field.value.clone()).unwrap_or_default();
            let mut verdict = verdict(target, &key, value);
            let sent_as = match &verdict {
                Verdict::Sent | Verdict::Revalued(_) => Some(&*key),
                Verdict::Renamed(to) => Some(*to),
                Verdict::Gone => None,
            };
            if sent_as.is_some_and(|name| is_refused(target, name)) {
                verdict = Verdict::Gone;
            }
            match &verdict {
                Verdict::Sent => {}
                Verdict::Renamed(to) => receipt.note(&key, Fate::Mapped((*to).to_owned())),
                Verdict::Revalued(to) => {
                    receipt.note(&key, Fate::Mapped(to.trim_matches('"').to_owned()));
                }
                // A null says nothing, so nothing is lost with it.
                Verdict::Gone if value == b"null" => {}
                Verdict::Gone => receipt.note(&key, Fate::Dropped),
            }
            verdict
        })
        .collect()
}

fn verdict(target: &Target<'_>, key: &str, value: &[u8]) -> Verdict {
    let rules = target.parameters.rules.iter();
    let rule = rules
        .filter(|rule| rule.field == key)
        .find(|rule| holds(rule, target));
    let Some(rule) = rule else {
        return match target.parameters.known {
            Known::Only(known) if !known.contains(&key) => Verdict::Gone,
            Known::Only(_) | Known::Open => Verdict::Sent,
        };
    };
    match rule.then {
        Treatment::Renamed(to) => Verdict::Renamed(to),
        Treatment::Only(values) if values.iter().any(|taken| taken.as_bytes() == value) => {
            Verdict::Sent
        }
        Treatment::Only(_) | Treatment::Dropped => Verdict::Gone,
        Treatment::Values(pairs) => pairs
            .iter()
            .find(|(from, _)| from.as_bytes() == value)
            .map_or(Verdict::Sent, |(_, to)| Verdict::Revalued(to)),
    }
}

/// Whether a field is left out because the provider was seen to refuse it.
fn is_refused(target: &Target<'_>, name: &str) -> bool {
    target.refused.iter().any(|refused| **refused == *name) && may_be_left_out(name)
}

/// Only a rule whose field is there asks the catalogue.
fn holds(rule: &Rule, target: &Target<'_>) -> bool {
    match rule.models {
        Models::All => true,
        Models::Reasoning => {
            let section = target.catalogue.and_then(catalogue::section);
            let found = section.and_then(|section| section.get(target.known_as));
            found.is_some_and(|found| found.fact.capabilities.has(Capability::Reasoning))
        }
    }
}

/// A field gives way to one that goes out under its name.
fn give_way(body: &[u8], ask: &Ask, verdicts: &mut [Verdict], receipt: &mut Receipt) {
    let taken: Vec<&str> = verdicts
        .iter()
        .filter_map(|verdict| match verdict {
            Verdict::Renamed(to) => Some(*to),
            Verdict::Sent | Verdict::Revalued(_) | Verdict::Gone => None,
        })
        .collect();
    if taken.is_empty() {
        return;
    }
    for (field, verdict) in ask.fields().iter().zip(verdicts) {
        let key = field.key(body);
        let stays = !matches!(verdict, Verdict::Renamed(_) | Verdict::Gone);
        if stays && taken.contains(&key.as_ref()) {
            *verdict = Verdict::Gone;
            receipt.note(&key, Fate::Dropped);
        }
    }
}
