//! How many label sets there can be, whatever callers ask for.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
};

use modelport_sim::Options;

use super::{MODEL, PROVIDER, before, chat};
use crate::support::{Gateway, Metrics, Upstream};

/// The most label sets of one metric.
const MAX_SETS: usize = 1000;

#[test]
fn random_names_of_models_make_no_labels() {
    const REQUESTS: u32 = 10_000;
    let (_upstream, gateway) = before(Options::default(), &[("LOG_LEVEL", "WARN")]);
    let socket = TcpStream::connect(gateway.addr()).unwrap();
    socket.set_nodelay(true).unwrap();
    let mut answers = BufReader::new(socket.try_clone().unwrap());
    let mut socket = socket;
    for number in 0..REQUESTS {
        let body = chat(
            &format!("model-{number:x}-{}", number % 7),
            number % 50 == 0,
        );
        let body = body.to_string();
        write!(
            socket,
            "POST /v1/chat/completions HTTP/1.1\r\nhost: a.test\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        skip_answer(&mut answers);
    }
    let metrics = gateway.metrics_after(REQUESTS);
    let models: BTreeSet<&str> = metrics
        .0
        .iter()
        .filter_map(|sample| sample.labels.get(MODEL).map(String::as_str))
        .collect();
    assert_eq!(models, BTreeSet::from(["other"]));
    for (name, sets) in label_sets(&metrics) {
        assert!(sets <= 10, "{name} has {sets} label sets");
    }
    assert_eq!(
        metrics.sum("modelport_requests_total", &[]),
        f64::from(REQUESTS)
    );
    assert_eq!(metrics.sum("modelport_uncounted_requests_total", &[]), 0.0);
}

/// Reads an answer to its end.
fn skip_answer(answers: &mut BufReader<TcpStream>) {
    let mut length = None;
    loop {
        let mut line = String::new();
        answers.read_line(&mut line).unwrap();
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = Some(value.parse().unwrap());
        }
    }
    if let Some(length) = length {
        let mut body = vec![0; length];
        return answers.read_exact(&mut body).unwrap();
    }
    loop {
        let mut line = String::new();
        answers.read_line(&mut line).unwrap();
        let size = usize::from_str_radix(line.trim_end(), 16).unwrap();
        let mut piece = vec![0; size + 2];
        answers.read_exact(&mut piece).unwrap();
        if size == 0 {
            return;
        }
    }
}

/// How many label sets each metric has; a histogram's buckets are one.
fn label_sets(metrics: &Metrics) -> BTreeMap<String, usize> {
    let mut sets: BTreeMap<String, BTreeSet<Vec<(String, String)>>> = BTreeMap::new();
    for sample in &metrics.0 {
        let labels = sample.labels.clone().into_iter();
        let labels = labels.filter(|(name, _)| name != "le").collect();
        sets.entry(sample.name.clone()).or_default().insert(labels);
    }
    sets.into_iter()
        .map(|(name, sets)| (name, sets.len()))
        .collect()
}

#[test]
fn the_models_of_a_long_listing_make_only_so_many_labels() {
    let names: Vec<String> = (0..1200).map(|number| format!("listed-{number}")).collect();
    let options = Options {
        models: names.clone(),
        ..Options::default()
    };
    let (_upstream, gateway) = before(options, &[("LOG_LEVEL", "WARN")]);
    for name in &names {
        assert_eq!(gateway.chat(&chat(name, false)).status, 200);
    }
    let metrics = gateway.metrics_after(1200);
    for (name, sets) in label_sets(&metrics) {
        assert!(sets <= MAX_SETS, "{name} has {sets} label sets");
    }
    assert_eq!(metrics.sum("modelport_requests_total", &[]), 1200.0);
    let of = |model| metrics.sum("modelport_requests_total", &[(MODEL, model)]);
    assert_eq!((of("listed-0"), of("listed-899")), (1.0, 1.0));
    assert_eq!(of("other"), 300.0);
}

#[test]
fn models_that_the_configuration_names_are_labels() {
    let upstream = Upstream::start();
    let home = tempfile::tempdir().unwrap();
    fs::write(
        home.path().join("modelport.toml"),
        format!(
            "[[providers]]\nid = 'a'\nbase_url = '{}'\n\
             [[routes]]\nmodel = 'r'\ntargets = ['a:of-a-route']\n\
             [aliases]\nalias = 'a:of-an-alias'\n",
            upstream.base_url()
        ),
    )
    .unwrap();
    let gateway = Gateway::start_in(home, &[]);
    gateway.wait_for_list("a");
    for model in ["r", "alias", "a:of-nobody"] {
        assert_eq!(gateway.chat(&chat(model, false)).status, 200);
    }
    let metrics = gateway.metrics_after(3);
    for model in ["of-a-route", "of-an-alias", "other"] {
        let labels = [(PROVIDER, "a"), (MODEL, model)];
        assert_eq!(
            metrics.sum("modelport_requests_total", &labels),
            1.0,
            "{model}"
        );
    }
}
