//! Roles and parts of messages: which are taken, and whether an image is seen.

use serde_json::json;

use super::{
    Check, Group, Outcome, Report,
    exchange::{Exchange, shown},
};
use crate::capability::Capability;

/// A red square of 64 by 64 pixels, as PNG.
const RED: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAIAAAAlC+aJAAAAS0lEQVR42u3PQQkAAAgAsetfWiP4FgYrsKZeS0BAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEDgsqnc8OJg6Ln3AAAAAElFTkSuQmCC";

/// The newer word for the system's role.
pub(super) const DEVELOPER: Check = Check {
    ask: || {
        json!({ "messages": [
            {"role": "developer", "content": "Answer in one word."},
            {"role": "user", "content": "Say pong."},
        ] })
    },
    output: 100,
    read: |exchange, report| read_role(exchange, report, "role developer"),
};

/// Two of them; some chat templates take only one, at the start.
pub(super) const TWO_SYSTEMS: Check = Check {
    ask: || {
        json!({ "messages": [
            {"role": "system", "content": "Answer in one word."},
            {"role": "system", "content": "Use lower case."},
            {"role": "user", "content": "Say pong."},
        ] })
    },
    output: 100,
    read: |exchange, report| read_role(exchange, report, "two system messages"),
};

/// An image.
pub(super) const IMAGE: Check = Check {
    ask: || {
        json!({ "messages": [{"role": "user", "content": [
            {"type": "text", "text": "Which colour is this? Say one word."},
            {"type": "image_url", "image_url": {"url": RED}},
        ]}] })
    },
    output: 100,
    read: read_image,
};

fn read_role(exchange: &Exchange, report: &mut Report, what: &'static str) {
    if exchange.is_ok() {
        report.note(Group::Messages, what, Outcome::Taken, "");
    } else {
        let outcome = exchange.refusal();
        report.note(Group::Messages, what, outcome, exchange.said());
    }
}

fn read_image(exchange: &Exchange, report: &mut Report) {
    let what = (Group::Messages, "image");
    let (outcome, evidence) = if exchange.is_ok() {
        let content = exchange.content();
        if names_red(&content) {
            (
                Outcome::Yes,
                format!("a red square is {:?}", shown(&content)),
            )
        } else {
            let evidence = format!(
                "the answer does not show that it was seen: {:?}",
                shown(&content)
            );
            (Outcome::Taken, evidence)
        }
    } else {
        (exchange.refusal(), exchange.said())
    };
    report.note_ability(what, Capability::Vision, outcome, evidence);
}

fn names_red(content: &str) -> bool {
    let words = content.split(|letter: char| !letter.is_alphabetic());
    words
        .into_iter()
        .any(|word| word.eq_ignore_ascii_case("red"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn red_is_a_word_of_its_own() {
        assert!(names_red("Red.") && names_red("It is red"));
        assert!(!names_red("coloured") && !names_red(""));
    }
}
