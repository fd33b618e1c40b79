//! What the byte work of one request and of one streamed event costs: scanning a body, splicing it, reading events.

use std::hint::black_box;
use std::time::SystemTime;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use modelport_provider::cost::{Brief, Cost, Tariff, Terms};
use modelport_provider::openai_compatible::stream::{read_event, read_first};
use modelport_provider::sse::{SseReader, events};
use modelport_provider::{catalogue, failure, scan, splice, usage};

/// A chat of about 1 KB, as clients send it.
fn chat() -> Vec<u8> {
    let question = "Explain in a few sentences how a reverse proxy relays a streamed answer, and what it must not do. ".repeat(5);
    serde_json::json!({
        "model": "gpt-4o-mini",
        "messages": [
            {"role": "system", "content": "You are a helpful assistant. Answer briefly.\nUse plain words."},
            {"role": "user", "content": question},
            {"role": "assistant", "content": "It passes on each piece as it comes."},
            {"role": "user", "content": "And if the provider fails in the middle?"},
        ],
        "temperature": 0.2,
        "max_tokens": 256,
        "stream": true,
        "stream_options": {"include_usage": true},
    })
    .to_string()
    .into_bytes()
}

/// A chat whose only message is an image of 1 MB in base64.
fn image() -> Vec<u8> {
    let image = format!(
        "data:image/png;base64,{}",
        "iVBORw0KGgoAAAANSUhEUgAA".repeat(1_000_000 / 24)
    );
    serde_json::json!({
        "model": "gpt-4o-mini",
        "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": image}}]}],
    })
    .to_string()
    .into_bytes()
}

fn scanning(criterion: &mut Criterion) {
    for (name, body) in [("chat of 1 KB", chat()), ("image of 1 MB", image())] {
        let mut group = criterion.benchmark_group("scan");
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| scan::members(black_box(&body), |member| drop(black_box(member))));
        });
        group.finish();
    }
}

fn splicing(criterion: &mut Criterion) {
    for (name, body) in [("chat of 1 KB", chat()), ("image of 1 MB", image())] {
        let body = Bytes::from(body);
        let mut group = criterion.benchmark_group("read_ask and with_model");
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let ask = splice::read_ask(black_box(&body));
                ask.map(|ask| splice::with_model(&body, &ask, black_box("gpt-4o-mini-2024-07-18")))
            });
        });
        group.finish();
    }
}

/// An event of 300 bytes, the usual one in the middle of a stream.
fn event() -> Bytes {
    let start = "data: {\"id\":\"chatcmpl-BqYpU5V0eKJ3wZ8mXn2Rt7LsHd4Fg\",\"object\":\"chat.completion.chunk\",\
                 \"created\":1790000000,\"model\":\"gpt-4o-mini-2024-07-18\",\"service_tier\":\"default\",\
                 \"system_fingerprint\":\"fp_0123456789\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"";
    let end = "\"},\"logprobs\":null,\"finish_reason\":null}]}\n\n";
    let text = " a word"
        .chars()
        .cycle()
        .take(300 - start.len() - end.len());
    Bytes::from(format!("{start}{}{end}", text.collect::<String>()))
}

fn streaming(criterion: &mut Criterion) {
    let event = event();
    assert_eq!(event.len(), 300);
    let data = event.slice(6..298);
    let mut group = criterion.benchmark_group("event of 300 bytes");
    group.throughput(Throughput::Bytes(event.len() as u64));
    group.bench_function("read_event", |bencher| {
        bencher.iter(|| read_event(black_box(&data)));
    });
    group.bench_function("read_first", |bencher| {
        bencher.iter(|| read_first(black_box(&data)));
    });
    group.bench_function("push, events", |bencher| {
        let mut reader = SseReader::default();
        bencher.iter(|| {
            let block = reader.push(black_box(&event)).unwrap_or_default();
            events(&block).map(|event| event.data.len()).sum::<usize>()
        });
    });
    group.bench_function("push, events, read_event", |bencher| {
        let mut reader = SseReader::default();
        bencher.iter(|| {
            let block = reader.push(black_box(&event)).unwrap_or_default();
            events(&block)
                .filter(|event| !read_event(&event.data).finished)
                .count()
        });
    });
    let (first, second) = (event.slice(..150), event.slice(150..));
    group.bench_function("in two halves: push, events, read_event", |bencher| {
        let mut reader = SseReader::default();
        bencher.iter(|| {
            let nothing = reader.push(black_box(&first));
            let block = reader.push(black_box(&second)).unwrap_or_default();
            let count = events(&block)
                .filter(|event| !read_event(&event.data).finished)
                .count();
            (nothing, count)
        });
    });
    group.finish();
}

fn answers(criterion: &mut Criterion) {
    let answer = include_bytes!("../tests/recorded/openai/chat.json");
    let mut group = criterion.benchmark_group("answer of 0.8 KB");
    group.bench_function("error_in_ok", |bencher| {
        bencher.iter(|| failure::error_in_ok(black_box(answer)));
    });
    group.bench_function("find_usage", |bencher| {
        bencher.iter(|| usage::find_usage(black_box(answer)));
    });
    let usage = usage::find_usage(answer).unwrap_or_default();
    let section = catalogue::section("openai");
    let found = section.and_then(|section| section.get("gpt-4o-mini"));
    let tariffs: Vec<_> = found.as_ref().map(Tariff::catalogue).into_iter().collect();
    let terms = Terms::at(SystemTime::UNIX_EPOCH);
    group.bench_function("Cost::of", |bencher| {
        bencher.iter(|| Cost::of(black_box(&usage), &tariffs, &terms));
    });
    group.bench_function("Brief::of", |bencher| {
        bencher.iter(|| Brief::of(black_box(&usage), &tariffs, &terms));
    });
    group.finish();
}

criterion_group!(benches, scanning, splicing, streaming, answers);
criterion_main!(benches);
