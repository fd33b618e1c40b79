use std::time::Duration;

use super::*;
use crate::chat::{self, Ask, Operation, Reporting, Stamp};
use crate::script::Step;

const STAMP: Stamp = Stamp {
    id: 1,
    created: 1_790_000_000,
};
const EVENTS: usize = 1 + 5 + 2;

fn setting(timing: Timing) -> Setting {
    Setting {
        id: 1,
        version: Version::Http11,
        keep_alive: true,
        dialect: Dialect::OpenAi,
        timing,
    }
}

fn script(stream: bool, fault: &str, timing: Timing) -> Script {
    let ask = Ask::read(br#"{"model":"m","messages":[]}"#).unwrap();
    let completion = chat::complete(&ask, Some(5));
    let answer = if stream {
        Answer::events(chat::events(
            Operation::Chat,
            &completion,
            Reporting::Never,
            STAMP,
        ))
    } else {
        Answer::whole(
            200,
            "application/json",
            chat::whole(Operation::Chat, &completion, Reporting::AtEnd, STAMP),
        )
    };
    let fault = (!fault.is_empty()).then(|| fault.parse().unwrap());
    let mut script = Script::default();
    stage(&mut script, answer, fault.as_ref(), &setting(timing));
    script
}

/// The lengths of the writes, and the events that are complete after them.
fn writes(script: &Script) -> (Vec<usize>, usize) {
    let mut written = 0;
    let mut events = 0;
    let mut lengths = Vec::new();
    for step in &script.steps {
        if let Step::Write {
            end,
            events: complete,
        } = step
        {
            lengths.push(end - written);
            written = *end;
            events += complete;
        }
    }
    assert_eq!(written, script.bytes.len(), "everything is written");
    (lengths, events)
}

#[test]
fn a_plain_answer_is_one_write_and_a_stream_one_for_each_event() {
    let plain = script(false, "", Timing::default());
    assert_eq!(
        (writes(&plain).0.len(), plain.steps.len(), plain.ending),
        (1, 1, Ending::KeepAlive)
    );
    let stream = script(true, "", Timing::default());
    let (lengths, events) = writes(&stream);
    assert_eq!(
        (lengths.len(), events, stream.steps.len()),
        (EVENTS, EVENTS, EVENTS)
    );
    assert!(stream.bytes.ends_with(b"data: [DONE]\n\n\r\n0\r\n\r\n"));
}

#[test]
fn writes_are_shared_out_as_the_fault_says() {
    for stream in [false, true] {
        let (lengths, events) = writes(&script(stream, "split-7", Timing::default()));
        assert!(
            lengths.iter().all(|length| (1..=7).contains(length)),
            "{lengths:?}"
        );
        assert_eq!(events, if stream { EVENTS } else { 0 });
        assert_eq!(
            writes(&script(stream, "one-write", Timing::default()))
                .0
                .len(),
            1
        );
    }
}

#[test]
fn pauses_are_before_the_head_and_before_tokens() {
    let (latency, first_token) = (Duration::from_millis(3), Duration::from_millis(4));
    let paced = script(
        true,
        "",
        Timing {
            latency,
            first_token,
            tokens_per_second: 9,
        },
    );
    assert_eq!(paced.steps.first(), Some(&Step::Pause(latency)));
    // The role comes with the head, before the first token.
    assert!(matches!(
        paced.steps.get(1),
        Some(Step::Write { events: 1, .. })
    ));
    assert_eq!(paced.steps.get(2), Some(&Step::Pause(first_token)));
    assert_eq!(
        paced
            .steps
            .iter()
            .filter(|step| **step == Step::Token)
            .count(),
        4
    );
}

#[test]
fn a_count_beyond_the_answer_still_shows() {
    for (fault, ending) in [
        ("cut-999", Ending::Close),
        ("stall-999", Ending::Silence),
        ("eof-999", Ending::KeepAlive),
    ] {
        let script = script(true, fault, Timing::default());
        assert_eq!(
            (writes(&script).1, script.ending),
            (EVENTS - 2, ending),
            "{fault}"
        );
    }
    assert_eq!(writes(&script(true, "cut-0", Timing::default())).1, 0);
}
