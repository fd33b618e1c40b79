//! What is made of the course of a story: the figures by which a policy is judged.

use std::{collections::BTreeMap, fmt::Write as _, ops::Range, time::Duration};

use super::{
    run::{Course, Request},
    world::{SECOND, Story},
};

/// How a policy did.
pub(super) struct Figures {
    pub(super) calm: Service,
    pub(super) outage: Service,
    pub(super) slow_spell: Service,
    /// The first attempts at the provider with the most for its weight, as a multiple of the mean of all.
    pub(super) spread: f64,
    /// The variance of a provider's first attempts in a second by their mean: 1 is what chance does.
    pub(super) swing: f64,
    /// The middle of the times after which dead providers were parked.
    pub(super) noticed: Option<Duration>,
    /// The middle of the times after which they answered again.
    pub(super) recovered: Option<Duration>,
    /// The mean price, as a multiple of that of all providers.
    pub(super) price: f64,
    /// How many requests went where the one before in their conversation went, of 1.
    pub(super) kept: f64,
}

/// What requests of a period met.
pub(super) struct Service {
    pub(super) p50: Duration,
    pub(super) p99: Duration,
    /// Those that were answered, of 1.
    pub(super) success: f64,
}

impl Figures {
    pub(super) fn of(routes: &[(Story, Course)]) -> Self {
        let service = |period: fn(&Story) -> Range<Duration>| {
            let requests = routes
                .iter()
                .map(|(story, course)| of(course, &period(story)));
            Service::of(&requests.flatten().collect::<Vec<_>>())
        };
        let mean = |figure: fn(&Story, &[&Request]) -> f64| {
            let each = routes.iter();
            let sum: f64 = each
                .map(|(story, course)| figure(story, &of(course, &calm(story))))
                .sum();
            sum / number(routes.len())
        };
        let courses = || routes.iter().map(|(_, course)| course);
        Self {
            calm: service(calm),
            outage: service(|story| story.outage.clone()),
            slow_spell: service(|story| story.slow_spell.clone()),
            spread: mean(spread),
            swing: mean(swing),
            price: mean(price),
            kept: mean(kept),
            noticed: middle(courses().filter_map(|course| course.noticed).collect()),
            recovered: middle(courses().filter_map(|course| course.recovered).collect()),
        }
    }
}

/// What comes before the outage, less the time in which nothing is known yet.
fn calm(story: &Story) -> Range<Duration> {
    5 * SECOND..story.outage.start
}

fn of<'a>(course: &'a Course, period: &Range<Duration>) -> Vec<&'a Request> {
    let requests = course.requests.iter();
    requests
        .filter(|request| period.contains(&request.arrived))
        .collect()
}

impl Service {
    fn of(requests: &[&Request]) -> Self {
        let answered = requests.iter().filter_map(|request| request.first_output);
        let mut answered: Vec<Duration> = answered.collect();
        answered.sort_unstable();
        let at = |percent: usize| answered.get(answered.len() * percent / 100);
        Self {
            p50: at(50).copied().unwrap_or(Duration::MAX),
            p99: at(99).copied().unwrap_or(Duration::MAX),
            success: ratio(answered.len(), requests.len()),
        }
    }
}

fn spread(story: &Story, requests: &[&Request]) -> f64 {
    let mut counts = vec![0; story.providers.len()];
    for request in requests {
        counts[request.asked[0]] += 1;
    }
    let both = counts.iter().zip(&story.providers);
    let most = both
        .map(|(&count, provider)| f64::from(count) / f64::from(provider.weight))
        .fold(0.0, f64::max);
    let weights: u32 = story.providers.iter().map(|provider| provider.weight).sum();
    most * f64::from(weights) / f64::from(counts.iter().sum::<u32>())
}

fn swing(story: &Story, requests: &[&Request]) -> f64 {
    let mut counts: BTreeMap<usize, BTreeMap<u64, u32>> = BTreeMap::new();
    for request in requests {
        let provider = counts.entry(request.asked[0]).or_default();
        *provider.entry(request.arrived.as_secs()).or_default() += 1;
    }
    let Range { start, end } = calm(story);
    let seconds = end.saturating_sub(start).as_secs_f64();
    let squares = counts.values().map(|provider| {
        let sum: u32 = provider.values().sum();
        let squares: u32 = provider.values().map(|count| count * count).sum();
        f64::from(squares) - f64::from(sum) * f64::from(sum) / seconds
    });
    squares.sum::<f64>() / number(requests.len()) * seconds / (seconds - 1.0)
}

fn price(story: &Story, requests: &[&Request]) -> f64 {
    let mean = |prices: Vec<u32>| f64::from(prices.iter().sum::<u32>()) / number(prices.len());
    let asked = requests.iter().filter_map(|request| request.asked.last());
    let paid = mean(asked.map(|&place| story.providers[place].price).collect());
    let all = story.providers.iter();
    paid / mean(all.map(|provider| provider.price).collect())
}

fn kept(_: &Story, requests: &[&Request]) -> f64 {
    let mut last = BTreeMap::new();
    let (mut kept, mut followers) = (0, 0);
    for request in requests {
        let place = request.asked.last();
        if let Some(before) = last.insert(request.conversation, place) {
            followers += 1;
            kept += usize::from(before == place);
        }
    }
    ratio(kept, followers)
}

fn middle(mut times: Vec<Duration>) -> Option<Duration> {
    times.sort_unstable();
    times.get(times.len() / 2).copied()
}

fn ratio(part: usize, whole: usize) -> f64 {
    number(part) / number(whole.max(1))
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap())
}

/// The tables of the document.
pub(super) fn tables(all: &[(&str, Figures)]) -> String {
    let mut text = String::from(
        "| Policy | Calm: p50 | p99 | answered | Outage: p50 | p99 | answered | Slow spell: p50 | p99 | answered |\n\
         |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    for (name, figures) in all {
        let _ = write!(text, "| `{name}` |");
        for service in [&figures.calm, &figures.outage, &figures.slow_spell] {
            let (p50, p99) = (seconds(service.p50), seconds(service.p99));
            let _ = write!(text, " {p50} | {p99} | {:.2} % |", 100.0 * service.success);
        }
        text.push('\n');
    }
    text.push_str(
        "\n| Policy | Spread | Swing | Price | Kept | Noticed after | Recovered after |\n\
         |---|--:|--:|--:|--:|--:|--:|\n",
    );
    for (name, figures) in all {
        let _ = writeln!(
            text,
            "| `{name}` | {:.1} | {:.1} | {:.2} | {:.0} % | {} | {} |",
            figures.spread,
            figures.swing,
            figures.price,
            100.0 * figures.kept,
            figures.noticed.map_or_else(|| "never".to_owned(), seconds),
            figures
                .recovered
                .map_or_else(|| "never".to_owned(), seconds),
        );
    }
    text
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
