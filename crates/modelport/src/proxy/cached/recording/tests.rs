use std::{
    collections::VecDeque,
    sync::atomic::Ordering::Release,
    task::Waker,
    time::{Duration, Instant},
};

use http::HeaderValue;

use super::*;
use crate::{
    cache::{
        MAX_ANSWER,
        fingerprint::{Question, Target},
    },
    config::{CacheConfig, CachePlace, Scope},
};

/// What a body does when it is polled.
#[derive(Clone, Copy)]
enum Step {
    Data(&'static str),
    /// The same, with the news that the answer has ended well.
    Last(&'static str),
    Wait,
    Fail,
    Fields,
}

struct Scripted {
    steps: VecDeque<Step>,
    answered: Arc<AtomicBool>,
}

impl HttpBody for Scripted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Polled> {
        let data = |text: &'static str| Poll::Ready(Some(Ok(Frame::data(Bytes::from(text)))));
        match self.steps.pop_front() {
            Some(Step::Data(text)) => data(text),
            Some(Step::Last(text)) => {
                self.answered.store(true, Release);
                data(text)
            }
            Some(Step::Wait) => Poll::Pending,
            Some(Step::Fail) => Poll::Ready(Some(Err(axum::Error::new("cut")))),
            Some(Step::Fields) => Poll::Ready(Some(Ok(Frame::trailers(HeaderMap::new())))),
            None => Poll::Ready(None),
        }
    }
}

/// Whether an answer is kept that goes so, and how much of it, when its caller polls so often.
fn kept(steps: &[Step], polls: usize) -> Option<u64> {
    let config = CacheConfig {
        place: CachePlace::Memory(64 << 20),
        ttl: Duration::from_mins(1),
        scope: Scope::Key,
    };
    let cache = Arc::new(Cache::in_memory(&config, 64 << 20));
    let of = Fingerprint::of(Question {
        endpoint: "",
        query: None,
        circle: 0,
        target: Target::Model {
            provider: "",
            model: "",
        },
        headers: &HeaderMap::new(),
        body: b"{}",
    });
    let of = of.unwrap();
    let answered = Arc::new(AtomicBool::new(false));
    let body = Body::new(Scripted {
        steps: steps.iter().copied().collect(),
        answered: Arc::clone(&answered),
    });
    let label = HeaderValue::from_static("application/json");
    let headers = HeaderMap::from_iter([(http::header::CONTENT_TYPE, label)]);
    let tape = Tape::new(Arc::clone(&cache), of, None, headers);
    let mut recording = Recording::new(body, answered, tape);
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..polls {
        let _ = Pin::new(&mut recording).poll_frame(&mut cx);
    }
    drop(recording);
    let found = cache.look(&of, None, Instant::now())?;
    found.replay().size_hint().exact()
}

#[test]
fn an_answer_is_kept_if_all_of_it_came_and_it_ended_well() {
    use Step::{Data, Fail, Fields, Last, Wait};
    let all = 20;
    assert_eq!(kept(&[Data("abc"), Wait, Last("d")], all), Some(4));
    // The end of the body need not have been waited for.
    assert_eq!(kept(&[Data("abc"), Last("d"), Wait], 2), Some(4));
    assert_eq!(kept(&[Data("abc"), Last("d")], 2), Some(4));
    // All that was ready with the end must have been taken.
    assert_eq!(kept(&[Last("abc"), Data("d"), Data("e"), Wait], 1), None);
    assert_eq!(kept(&[Last("abc"), Data("d"), Wait], 2), Some(4));
    assert_eq!(kept(&[Data("abc"), Data("d")], all), None);
    assert_eq!(kept(&[Data("abc"), Wait], all), None);
    assert_eq!(kept(&[Data("abc"), Last("d")], 1), None);
    assert_eq!(kept(&[Data("abc"), Fail], all), None);
    assert_eq!(kept(&[Last("abc"), Fail], all), None);
    assert_eq!(kept(&[Last("abc"), Fields], all), None);
}

#[test]
fn an_answer_that_is_too_long_is_not_kept() {
    let long: &'static str = String::leak("x".repeat(MAX_ANSWER));
    assert_eq!(kept(&[Step::Last(long)], 2), u64::try_from(MAX_ANSWER).ok());
    assert_eq!(kept(&[Step::Data("x"), Step::Last(long)], 9), None);
}
