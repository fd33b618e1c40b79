//! The page in the older text format of Prometheus, for whoever does not ask for that of OpenMetrics.

use super::table::{self, Kind};

/// The same page: there counters are described by the names of their samples, and nothing says where the page ends.
pub fn plain(page: &str) -> String {
    let mut plain = String::with_capacity(page.len());
    for line in page.lines().filter(|line| *line != "# EOF") {
        let described = ["# HELP ", "# TYPE "]
            .into_iter()
            .find_map(|begin| Some((begin, line.strip_prefix(begin)?.split_once(' ')?)));
        match described {
            Some((begin, (name, rest))) if is_counter(name) => {
                plain.extend([begin, name, "_total ", rest]);
            }
            _ => plain.push_str(line),
        }
        plain.push('\n');
    }
    plain
}

fn is_counter(name: &str) -> bool {
    table::all().any(|metric| metric.name == name && metric.kind == Kind::Counter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_described_by_the_names_of_their_samples() {
        let page = "\
# HELP modelport_requests Finished requests.
# TYPE modelport_requests counter
modelport_requests_total{endpoint=\"/embeddings\"} 1
# HELP process_start_time_seconds When.
# TYPE process_start_time_seconds gauge
process_start_time_seconds 1.5
# EOF
";
        assert_eq!(
            plain(page),
            "\
# HELP modelport_requests_total Finished requests.
# TYPE modelport_requests_total counter
modelport_requests_total{endpoint=\"/embeddings\"} 1
# HELP process_start_time_seconds When.
# TYPE process_start_time_seconds gauge
process_start_time_seconds 1.5
"
        );
    }
}
