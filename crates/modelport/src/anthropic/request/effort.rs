//! How much the model is to think. Anthropic counts tokens, or takes a word; the chat API takes only a word.

use serde_json::{Map, Value};

use crate::anthropic::notes::Notes;
use crate::anthropic::reading::{Fields, Place, invalid, wrong_type};
use crate::translation::Untranslatable;

/// A budget below this is little thought. Anthropic allows none under 1024.
const MEDIUM_BUDGET: u64 = 4_096;
/// A budget from this on is much thought.
const HIGH_BUDGET: u64 = 16_384;

/// The words of `output_config.effort`, which the chat API has all as well (OpenAI's Python SDK 3.54.0).
const EFFORTS: [&str; 5] = ["low", "medium", "high", "xhigh", "max"];

/// Takes `effort` out of the output's configuration and joins it with `thinking`. An effort is meant for the whole answer,
/// so it tells more than a budget; who forbids thinking means that whatever the effort.
pub(super) fn take_effort(
    thinking: Option<Value>,
    config: &mut Fields<'_>,
    chat: &mut Map<String, Value>,
    notes: &mut Notes,
) -> Result<(), Untranslatable> {
    let effort = read_effort(config)?;
    let thinking = thinking
        .map(|thinking| read_thinking(thinking, notes))
        .transpose()?;
    let sent = match (&effort, thinking) {
        (_, Some("none")) => "none",
        (Some(effort), _) => effort.as_str(),
        (None, Some(thinking)) => thinking,
        (None, None) => return Ok(()),
    };
    let fate = format!("reasoning_effort: {sent}");
    if effort.is_some() {
        notes.mapped("output_config.effort", &fate);
    }
    if thinking.is_some() {
        notes.mapped("thinking", &fate);
    }
    chat.insert("reasoning_effort".to_owned(), sent.into());
    Ok(())
}

fn read_effort(config: &mut Fields<'_>) -> Result<Option<String>, Untranslatable> {
    let effort = config.optional_text("effort")?;
    match &effort {
        Some(word) if !EFFORTS.contains(&word.as_str()) => Err(invalid(
            config.place_of("effort"),
            "`output_config.effort` must be one of `low`, `medium`, `high`, `xhigh` and `max`.",
        )),
        Some(_) | None => Ok(effort),
    }
}

fn read_thinking(thinking: Value, notes: &mut Notes) -> Result<&'static str, Untranslatable> {
    let place = Place::Top.member("thinking");
    let mut thinking = Fields::read(thinking, place)?;
    let effort = match thinking.text("type")?.as_str() {
        "enabled" => effort_of(read_budget(&mut thinking)?),
        // The model decides, which is what the middle of the scale comes to.
        "adaptive" | "between_tools" => "medium",
        "disabled" => "none",
        _ => {
            return Err(invalid(
                place.member("type"),
                "`thinking.type` must be one of `enabled`, `adaptive` and `disabled`.",
            ));
        }
    };
    thinking.drop_rest("thinking.", notes);
    Ok(effort)
}

fn read_budget(thinking: &mut Fields<'_>) -> Result<u64, Untranslatable> {
    let budget = thinking.required("budget_tokens", "how many tokens it may think")?;
    budget.as_u64().ok_or_else(|| {
        wrong_type(
            &thinking.place_of("budget_tokens"),
            "a whole number",
            &budget,
        )
    })
}

fn effort_of(budget: u64) -> &'static str {
    if budget < MEDIUM_BUDGET {
        "low"
    } else if budget < HIGH_BUDGET {
        "medium"
    } else {
        "high"
    }
}
