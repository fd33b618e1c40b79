//! The rows of the table of settings that say where traces go. Names and meanings are OpenTelemetry's (its specification
//! 1.50, "Environment Variable Specification" and "OTLP Exporter Configuration").

use super::{Kind, Preset, Setting};

pub(in crate::config) const ENDPOINT: Setting = Setting {
    name: "OTEL_EXPORTER_OTLP_ENDPOINT",
    kind: Kind::Collector,
    preset: Preset::Unset {
        example: "http://127.0.0.1:4318",
    },
    help: "Where traces go: a receiver of OTLP, below whose URL /v1/traces is added. There are no traces when neither this nor OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is set.",
};
pub(in crate::config) const TRACES_ENDPOINT: Setting = Setting {
    name: "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    kind: Kind::Collector,
    preset: Preset::Unset {
        example: "http://127.0.0.1:4318/v1/traces",
    },
    help: "As OTEL_EXPORTER_OTLP_ENDPOINT, which it wins over, but the whole URL, to which nothing is added.",
};
pub(in crate::config) const PROTOCOL: Setting = Setting {
    name: "OTEL_EXPORTER_OTLP_PROTOCOL",
    kind: Kind::TraceProtocol,
    preset: Preset::Value("http/protobuf"),
    help: "How traces are sent: http/protobuf, mostly to port 4318, or grpc, mostly to port 4317.",
};
pub(in crate::config) const HEADERS: Setting = Setting {
    name: "OTEL_EXPORTER_OTLP_HEADERS",
    kind: Kind::TraceHeaders,
    preset: Preset::Unset {
        example: "authorization=Bearer%20a-key,x-scope-orgid=team-a",
    },
    help: "Headers for the receiver of traces, such as its key: name=value, separated by commas, blanks and special characters of a value as % and two hexadecimal digits.",
};
pub(in crate::config) const TIMEOUT: Setting = Setting {
    name: "OTEL_EXPORTER_OTLP_TIMEOUT",
    kind: Kind::Millis,
    preset: Preset::Value("10000"),
    help: "How long the receiver of traces may take to answer, in milliseconds. No request waits for it.",
};
pub(in crate::config) const SAMPLER: Setting = Setting {
    name: "OTEL_TRACES_SAMPLER",
    kind: Kind::Sampler,
    preset: Preset::Value("parentbased_always_on"),
    help: "Which requests are traced: always_on, always_off, traceidratio for the share that OTEL_TRACES_SAMPLER_ARG says; and with parentbased_ before it, what the caller's traceparent says where there is one.",
};
pub(in crate::config) const SAMPLER_ARG: Setting = Setting {
    name: "OTEL_TRACES_SAMPLER_ARG",
    kind: Kind::SampledShare,
    preset: Preset::Value("1"),
    help: "The share of requests that traceidratio and parentbased_traceidratio trace, from 0 to 1.",
};
pub(in crate::config) const SERVICE_NAME: Setting = Setting {
    name: "OTEL_SERVICE_NAME",
    kind: Kind::Text,
    preset: Preset::Value("modelport"),
    help: "What this gateway is called in traces.",
};
pub(in crate::config) const RESOURCE_ATTRIBUTES: Setting = Setting {
    name: "OTEL_RESOURCE_ATTRIBUTES",
    kind: Kind::Attributes,
    preset: Preset::Unset {
        example: "deployment.environment.name=production,service.instance.id=gateway-1",
    },
    help: "What else traces say of this gateway: key=value, separated by commas, special characters as % and two hexadecimal digits.",
};
pub(in crate::config) const DISABLED: Setting = Setting {
    name: "OTEL_SDK_DISABLED",
    kind: Kind::Switch,
    preset: Preset::Value("false"),
    help: "Turns traces off, whatever else is set.",
};

pub(super) const TRACES: [Setting; 10] = [
    ENDPOINT,
    TRACES_ENDPOINT,
    PROTOCOL,
    HEADERS,
    TIMEOUT,
    SAMPLER,
    SAMPLER_ARG,
    SERVICE_NAME,
    RESOURCE_ATTRIBUTES,
    DISABLED,
];
