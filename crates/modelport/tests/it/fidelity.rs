//! What goes through the gateway comes out of it as it went in, in both directions.

use modelport_sim::Seen;

use crate::support::{Gateway, Upstream};

mod answers;
mod headers;
mod refusals;
mod requests;

const CHAT: &str = "/v1/chat/completions";

fn pair() -> (Upstream, Gateway) {
    let upstream = Upstream::start();
    let gateway = Gateway::before(&upstream.base_url(), &[]);
    (upstream, gateway)
}

fn last(upstream: &Upstream) -> Seen {
    upstream.completions().pop().expect("a completion upstream")
}
