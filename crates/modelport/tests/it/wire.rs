//! What is spoken on the wire besides requests and answers: what belongs to one connection stays on
//! it, and what is compressed stays so.

mod compressed;
mod expectation;
mod hop_by_hop;
mod http2;
mod http2_upstream;
mod trailers;

const CHAT: &str = "/v1/chat/completions";
