//! The page of metrics, read line by line.

use std::{collections::BTreeMap, time::Duration};

use super::{Gateway, gateway::wait_until};

/// Longer than it takes until a finished request is counted.
const SOON: Duration = Duration::from_secs(10);

/// One line of the page.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Its name, suffix and all.
    pub name: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its value.
    pub value: f64,
}

/// The page at one moment.
#[derive(Debug)]
pub struct Metrics(pub Vec<Sample>);

impl Metrics {
    /// Reads a page.
    pub fn read(page: &str) -> Self {
        let lines = page.lines().filter(|line| !line.starts_with('#'));
        Self(lines.map(sample).collect())
    }

    /// The samples of this name with all of these labels.
    pub fn of<'m>(
        &'m self,
        name: &'m str,
        labels: &'m [(&'m str, &'m str)],
    ) -> impl Iterator<Item = &'m Sample> {
        let has = |sample: &Sample| {
            let mut labels = labels.iter();
            labels.all(|(name, value)| sample.labels.get(*name).is_some_and(|had| had == value))
        };
        let samples = self.0.iter();
        samples.filter(move |sample| sample.name == name && has(sample))
    }

    /// Their sum.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.of(name, labels).map(|sample| sample.value).sum()
    }
}

fn sample(line: &str) -> Sample {
    let (series, value) = line.rsplit_once(' ').expect(line);
    let (name, labels) = match series.split_once('{') {
        None => (series, BTreeMap::new()),
        Some((name, rest)) => (name, read_labels(rest.strip_suffix('}').expect(line))),
    };
    Sample {
        name: name.to_owned(),
        labels,
        value: value.parse().expect(line),
    }
}

fn read_labels(mut text: &str) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    while let Some((name, rest)) = text.split_once("=\"") {
        let (value, rest) = rest.split_once('"').unwrap();
        assert!(!value.contains('\\'), "no label here needs an escape");
        labels.insert(name.to_owned(), value.to_owned());
        text = rest.strip_prefix(',').unwrap_or(rest);
    }
    labels
}

impl Gateway {
    /// Its metrics now.
    pub fn metrics(&self) -> Metrics {
        let answer = self.get("/metrics");
        assert_eq!(answer.status, 200, "{}", answer.text());
        Metrics::read(&answer.text())
    }

    /// Its metrics, as soon as so many requests are counted.
    pub fn metrics_after(&self, requests: u32) -> Metrics {
        let wanted = f64::from(requests);
        let counted = || self.metrics().sum("modelport_requests_total", &[]);
        let done = wait_until(SOON, || counted() >= wanted);
        assert!(done, "{} of {wanted} requests are counted", counted());
        self.metrics()
    }
}
