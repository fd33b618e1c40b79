use std::time::UNIX_EPOCH;

use super::*;

const MODEL: &str = "small";

fn at(minutes: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_mins(1_000_000 + minutes)
}

fn names(names: &'static [&'static str]) -> impl Iterator<Item = Cow<'static, str>> {
    names.iter().map(|name| Cow::Borrowed(*name))
}

fn no_tools() -> Lesson {
    Lesson {
        field: Some("tools".into()),
        capability: Some(Capability::Tools),
    }
}

fn taught() -> Lessons {
    let lessons = Lessons::new(1);
    lessons.refused_with(0, MODEL, &no_tools(), names(&["model", "tools"]), at(0));
    lessons
}

#[test]
fn a_refusal_is_noted_for_its_model_and_ages_out() {
    let lessons = taught();
    let found = lessons.observed(0, MODEL, at(59));
    assert!(found.lacks(Capability::Tools));
    assert_eq!(found.source(Capability::Tools), Some(Source::Observed));
    assert_eq!(found.seen(Capability::Tools), Some(at(0)));
    assert_eq!(lessons.refused(0, MODEL, at(59)), [Box::from("tools")]);
    assert_eq!(lessons.observed(0, "large", at(1)), Capabilities::UNKNOWN);
    assert_eq!(lessons.observed(0, MODEL, at(60)), Capabilities::UNKNOWN);
    assert!(lessons.refused(0, MODEL, at(60)).is_empty());
    assert!(lessons.refused(7, MODEL, at(1)).is_empty());
}

#[test]
fn a_refusal_of_a_field_that_was_not_sent_teaches_nothing() {
    let lessons = Lessons::new(1);
    lessons.refused_with(0, MODEL, &no_tools(), names(&["model", "messages"]), at(0));
    assert_eq!(lessons.observed(0, MODEL, at(0)), Capabilities::UNKNOWN);
    let no_images = Lesson {
        field: None,
        capability: Some(Capability::Vision),
    };
    lessons.refused_with(0, MODEL, &no_images, names(&["messages"]), at(0));
    assert!(lessons.observed(0, MODEL, at(0)).lacks(Capability::Vision));
    assert!(lessons.refused(0, MODEL, at(0)).is_empty());
}

#[test]
fn a_success_with_the_field_takes_the_lesson_back() {
    let lessons = taught();
    lessons.taken_with(0, MODEL, names(&["model", "messages"]), at(1));
    assert!(lessons.observed(0, MODEL, at(1)).lacks(Capability::Tools));
    lessons.taken_with(0, MODEL, names(&["model", "tools"]), at(2));
    assert_eq!(lessons.observed(0, MODEL, at(2)), Capabilities::UNKNOWN);
    assert!(lessons.refused(0, MODEL, at(2)).is_empty());
    assert!(lessons.0[0].load().is_empty());
}

#[test]
fn usage_shows_reasoning_and_a_cache_and_is_written_once_in_a_while() {
    let lessons = Lessons::new(1);
    let usage = Usage {
        reasoning_tokens: 3,
        ..Usage::default()
    };
    lessons.used(0, MODEL, &usage, at(0));
    let found = lessons.observed(0, MODEL, at(0));
    assert!(found.has(Capability::Reasoning));
    assert_eq!(found.source(Capability::PromptCache), None);
    let page = || Arc::clone(&lessons.0[0].load()[MODEL]);
    let before = page();
    lessons.used(0, MODEL, &usage, at(4));
    assert!(Arc::ptr_eq(&before, &page()));
    lessons.used(0, MODEL, &usage, at(6));
    let found = lessons.observed(0, MODEL, at(6));
    assert_eq!(found.seen(Capability::Reasoning), Some(at(6)));
}

#[test]
fn the_lessons_are_bounded() {
    let lessons = Lessons::new(1);
    let refuse = |model: &str, field: &str, minute| {
        let lesson = Lesson {
            field: Some(field.into()),
            capability: None,
        };
        let sent = std::iter::once(Cow::Owned(field.to_owned()));
        lessons.refused_with(0, model, &lesson, sent, at(minute));
    };
    for number in 0..MAX_MODELS + 3 {
        refuse(&format!("m{number}"), "top_k", 0);
    }
    assert_eq!(lessons.0[0].load().len(), MAX_MODELS);
    assert!(lessons.refused(0, "m1025", at(0)).is_empty());
    for number in 0..MAX_FIELDS + 3 {
        refuse("m0", &format!("f{number}"), 1);
    }
    assert_eq!(lessons.refused(0, "m0", at(1)).len(), MAX_FIELDS);
    // What has aged out makes room.
    refuse("late", "top_k", 61);
    assert_eq!(lessons.refused(0, "late", at(61)), [Box::from("top_k")]);
    assert!(lessons.0[0].load().len() < 3);
}
