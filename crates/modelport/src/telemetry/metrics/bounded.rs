//! A metric with a bound on how many label sets it has, whatever becomes a label: each of them takes memory here and at
//! whoever collects them, for good.

use prometheus_client::metrics::{
    family::{Family, MetricConstructor},
    histogram::Histogram,
};

use super::table::{Labels, MODEL_LABEL, Metric};

/// The most label sets of one metric.
pub(super) const MAX_SETS: usize = 1000;

/// Of these, so many may name a model; the others are for what is then counted without its name.
const MAX_NAMED: usize = MAX_SETS - MAX_SETS / 10;

/// What stands in a label for everything that has none of its own.
pub(super) const OTHER: &str = "other";

/// Makes histograms with these bounds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Buckets(pub(super) &'static [f64]);

impl MetricConstructor<Histogram> for Buckets {
    fn new_metric(&self) -> Histogram {
        Histogram::new(self.0.iter().copied())
    }
}

/// A metric by its labels, of which no more are made than fit.
pub(super) struct Bounded<M, C> {
    family: Family<Labels, M, C>,
    sets: usize,
}

impl<M: Clone, C: MetricConstructor<M>> Bounded<M, C> {
    /// Of a family that nobody else adds to.
    pub(super) fn of(family: Family<Labels, M, C>) -> Self {
        Self { family, sets: 0 }
    }

    /// The one with these values; when there are too many, the one with `other` for the model, and in the end the one
    /// with `other` for everything.
    pub(super) fn get<const N: usize>(&mut self, metric: &Metric, values: [&str; N]) -> M {
        let mut labels = metric.with(values);
        if self.fits(&labels, MAX_NAMED) {
            return self.take(&labels);
        }
        for (name, value) in &mut labels {
            if *name == MODEL_LABEL {
                OTHER.clone_into(value);
            }
        }
        if self.fits(&labels, MAX_SETS - 1) {
            return self.take(&labels);
        }
        self.take(&metric.with([OTHER; N]))
    }

    fn fits(&self, labels: &Labels, most: usize) -> bool {
        self.sets < most || self.family.get(labels).is_some()
    }

    fn take(&mut self, labels: &Labels) -> M {
        if self.family.get(labels).is_none() {
            self.sets += 1;
        }
        self.family.get_or_create_owned(labels)
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::{encoding::text, metrics::counter::Counter, registry::Registry};

    use super::{super::table::UNPRICED, *};

    #[test]
    fn whatever_a_model_is_called_its_line_stays_one() {
        let family = Family::<Labels, Counter>::default();
        let mut registry = Registry::default();
        registry.register("m", "Of a test", family.clone());
        let name = "a \"model\"\\of\nmine";
        Bounded::of(family).get(&UNPRICED, ["p", name]).inc();
        let mut page = String::new();
        text::encode(&mut page, &registry).unwrap();
        let label = r#"gen_ai_request_model="a \"model\"\\of\nmine""#;
        assert!(page.contains(label), "{page}");
    }

    #[test]
    fn there_are_never_more_label_sets_than_fit() {
        let family = Family::<Labels, Counter>::default();
        let mut registry = Registry::default();
        registry.register("m", "Of a test", family.clone());
        let mut bounded = Bounded::of(family);
        for number in 0..10_000 {
            let provider = format!("provider-{}", number % 300);
            let model = format!("model-{number}");
            bounded.get(&UNPRICED, [&provider, &model]).inc();
        }
        let mut page = String::new();
        text::encode(&mut page, &registry).unwrap();
        let samples = || page.lines().filter(|line| !line.starts_with('#'));
        assert_eq!(samples().count(), MAX_SETS);
        let named = samples().filter(|line| line.contains("\"model-")).count();
        assert_eq!(named, MAX_NAMED);
        let sum: u64 = samples()
            .map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap())
            .sum();
        assert_eq!(sum, 10_000);
        let last = r#"{gen_ai_provider_name="other",gen_ai_request_model="other"} "#;
        assert!(page.contains(last), "{page}");
        // Those that are there go on.
        let first = bounded.get(&UNPRICED, ["provider-1", "model-1"]);
        assert_eq!(first.get(), 1);
    }
}
