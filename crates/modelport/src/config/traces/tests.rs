use std::time::Duration;

use super::super::report::startup_block;
use super::super::tests::{config, faults, of_file};
use super::{Sampler, TraceProtocol, TracesConfig};

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

fn traces(settings: &[(&str, &str)]) -> TracesConfig {
    config(settings).traces.unwrap()
}

#[test]
fn they_are_off_unless_there_is_somebody_to_send_them_to() {
    assert_eq!(config(&[]).traces, None);
    // What is wrong is none of our business then.
    let off = [
        ("OTEL_TRACES_SAMPLER", "jaeger_remote"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "x"),
    ];
    assert_eq!(config(&off).traces, None);
    let disabled = [(ENDPOINT, "http://a.test"), ("OTEL_SDK_DISABLED", "true")];
    assert_eq!(config(&disabled).traces, None);
    // Other programs' settings are not ours to warn of.
    let others = [
        ("OTEL_METRICS_EXPORTER", "none"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "1"),
    ];
    assert!(config(&others).warnings.is_empty());
}

#[test]
fn the_path_is_added_below_the_one_for_all_signals_only() {
    let check = |name: &str, text: &str, target: &str| {
        let traces = traces(&[(name, text)]);
        assert_eq!(traces.endpoint.target().to_string(), target);
    };
    check(
        ENDPOINT,
        "http://127.0.0.1:4318",
        "http://127.0.0.1:4318/v1/traces",
    );
    check(
        ENDPOINT,
        "https://a.test/otlp/",
        "https://a.test/otlp/v1/traces",
    );
    let own = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
    check(own, "https://a.test/in?x=1", "https://a.test/in?x=1");
    let both = config(&[(ENDPOINT, "http://a.test"), (own, "http://b.test/x")]);
    assert_eq!(both.traces.unwrap().endpoint.to_string(), "http://b.test");
    assert!(both.warnings.is_empty());
}

#[test]
fn everything_can_be_said_in_the_file_too() {
    let file = "\
[traces]
endpoint = 'http://a.test'
protocol = 'grpc'
headers = { authorization = 'Bearer hush' }
timeout_ms = 1500
sampler = 'traceidratio'
sampler_arg = 0.25
service_name = 'front'
resource_attributes = 'a=1,b=x%2Cy'
";
    let of_file = of_file(file).unwrap().traces.unwrap();
    let of_environment = traces(&[
        (ENDPOINT, "http://a.test"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20hush"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "1500"),
        ("OTEL_TRACES_SAMPLER", "traceidratio"),
        ("OTEL_TRACES_SAMPLER_ARG", "0.25"),
        ("OTEL_SERVICE_NAME", "front"),
        ("OTEL_RESOURCE_ATTRIBUTES", "a=1,b=x%2Cy"),
    ]);
    assert_eq!(of_file, of_environment);
    assert_eq!(of_file.protocol, TraceProtocol::Grpc);
    assert_eq!(of_file.timeout, Duration::from_millis(1500));
    assert_eq!(of_file.headers["authorization"], "Bearer hush");
    let said: Vec<String> = of_file
        .resource
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    assert_eq!(said, ["service.name=front", "a=1", "b=x,y"]);
    let attributes = ("OTEL_RESOURCE_ATTRIBUTES", "service.name=other");
    let named = traces(&[(ENDPOINT, "http://a.test"), attributes]);
    assert_eq!(
        named.resource,
        [("service.name".to_owned(), "other".to_owned())]
    );
}

#[test]
fn nothing_secret_is_shown() {
    let config = config(&[
        (ENDPOINT, "http://a.test/hush"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=hush"),
    ]);
    let block = startup_block(&config, &[]);
    assert!(block.contains("http://a.test"), "{block}");
    for said in [block, format!("{config:?}")] {
        assert!(!said.contains("hush"), "{said}");
    }
}

#[test]
fn faults_say_what_would_be_right_and_repeat_no_secret() {
    let check = |name: &str, text: &str, right: &str| {
        let said = faults(&[
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://a.test"),
            (name, text),
        ]);
        assert!(said.contains(name) && said.contains(right), "{said}");
        assert!(!said.contains("hush"), "{said}");
    };
    check("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "hush", "Use a URL");
    check(
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        "ftp://hush",
        "Use a URL",
    );
    check(
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        "http://hush:hush@a.test",
        "OTEL_EXPORTER_OTLP_HEADERS",
    );
    check(
        "OTEL_EXPORTER_OTLP_PROTOCOL",
        "http/json",
        "http/protobuf or grpc",
    );
    check("OTEL_EXPORTER_OTLP_HEADERS", "hush", "name=value");
    check("OTEL_EXPORTER_OTLP_HEADERS", "a b=hush", "name=value");
    check("OTEL_EXPORTER_OTLP_TIMEOUT", "10s", "whole number");
    check(
        "OTEL_TRACES_SAMPLER",
        "jaeger_remote",
        "parentbased_traceidratio",
    );
    check("OTEL_TRACES_SAMPLER_ARG", "2", "from 0 to 1");
    check("OTEL_RESOURCE_ATTRIBUTES", "a", "key=value");
    check("OTEL_SDK_DISABLED", "maybe", "true or false");
}

#[test]
fn a_sampler_takes_its_share_and_heeds_the_caller_where_it_should() {
    let sampler = |name: &str, share: &str| -> Sampler {
        let settings = [
            (ENDPOINT, "http://a.test"),
            ("OTEL_TRACES_SAMPLER", name),
            ("OTEL_TRACES_SAMPLER_ARG", share),
        ];
        traces(&settings).sampler
    };
    let share = |sampler: Sampler, parent: Option<bool>| {
        // In the middle of each thousandth of all ids.
        let thousandth = u128::from(u64::MAX) / 1000;
        let ids = (0..1000).map(|number| number * thousandth + thousandth / 2);
        ids.filter(|id| sampler.takes(*id, parent)).count()
    };
    let check = |name: &str, arg: &str, alone: usize, taken: usize, left: usize| {
        let sampler = sampler(name, arg);
        let parents = [None, Some(true), Some(false)];
        let found = parents.map(|parent| share(sampler, parent));
        assert_eq!(found, [alone, taken, left], "{name} {arg}");
    };
    check("always_on", "0", 1000, 1000, 1000);
    check("always_off", "1", 0, 0, 0);
    check("traceidratio", "0.25", 250, 250, 250);
    check("traceidratio", "10%", 100, 100, 100);
    check("parentbased_always_on", "0", 1000, 1000, 0);
    check("parentbased_always_off", "1", 0, 1000, 0);
    check("parentbased_traceidratio", "0.25", 250, 1000, 0);
    check("parentbased_traceidratio", "0", 0, 1000, 0);
    check("parentbased_traceidratio", "1", 1000, 1000, 0);
}
