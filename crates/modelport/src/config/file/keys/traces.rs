//! The keys of `[traces]`.

use super::{Block, Key, Shape};
use crate::config::setting::traces::{
    DISABLED, ENDPOINT, HEADERS, PROTOCOL, RESOURCE_ATTRIBUTES, SAMPLER, SAMPLER_ARG, SERVICE_NAME,
    TIMEOUT, TRACES_ENDPOINT,
};
use crate::config::traces::{MAX_TIMEOUT_MS, PROTOCOLS, SAMPLERS};

pub(in crate::config::file) static TRACES: Block = Block {
    name: "traces",
    help: "Where OpenTelemetry traces go, and of which requests there are any.",
    keys: &[
        Key::variable("endpoint", Shape::Text, ENDPOINT.name),
        Key::variable("traces_endpoint", Shape::Text, TRACES_ENDPOINT.name),
        Key::variable("protocol", Shape::Choice(&PROTOCOLS), PROTOCOL.name),
        Key::variable("headers", Shape::Headers, HEADERS.name)
            .help_is("Headers for the receiver of traces, such as its key."),
        Key::variable(
            "timeout_ms",
            Shape::Whole {
                least: 1,
                most: MAX_TIMEOUT_MS,
            },
            TIMEOUT.name,
        ),
        Key::variable("sampler", Shape::Choice(&SAMPLERS), SAMPLER.name),
        Key::variable("sampler_arg", Shape::Share, SAMPLER_ARG.name),
        Key::variable("service_name", Shape::Text, SERVICE_NAME.name),
        Key::variable("resource_attributes", Shape::Text, RESOURCE_ATTRIBUTES.name),
        Key::variable("disabled", Shape::Switch, DISABLED.name),
    ],
};
