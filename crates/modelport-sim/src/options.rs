//! The settings of a simulator, as flags of a command and as a struct with defaults for tests.

use std::fmt;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use crate::fault::Fault;
use crate::listing::ListingShape;

/// The port of the command; the library's default is any free one.
const COMMAND_PORT: u16 = 9000;
/// The models a simulator has unless told otherwise: a plain one, a clever one, one with vendor and variant, an embedding model.
const MODELS: [&str; 4] = [
    "sim-fast",
    "sim-smart",
    "vendor/sim-large:free",
    "text-embedding-sim",
];
/// Requests that are remembered unless told otherwise.
const SEEN: usize = 1024;

/// How a simulator listens and answers. `Options::default()` is for tests: any free port, no log.
#[derive(Clone, clap::Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command"
)]
pub struct Options {
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1")]
    pub host: String,
    /// Port to listen on; 0 takes any free one
    #[arg(long, default_value_t = COMMAND_PORT)]
    pub port: u16,
    /// Models to list, separated by commas
    #[arg(long, value_delimiter = ',', default_values_t = MODELS.map(str::to_owned))]
    pub models: Vec<String>,
    /// Refuse models that are not listed with 404
    #[arg(long)]
    pub strict_models: bool,
    /// Serve the Responses API too; without it, it is an unknown URL
    #[arg(long)]
    pub responses: bool,
    /// Shape of the model listing: openai, data, array, models, strings, gemini, paginated, null, status-404, hang, …
    #[arg(long, default_value_t = ListingShape::OpenAi)]
    pub listing: ListingShape,
    /// Key that requests must show; without it none is asked for
    #[arg(long)]
    pub api_key: Option<String>,
    /// Milliseconds before the head of each answer
    #[arg(long, default_value_t = 0)]
    pub latency_ms: u64,
    /// Milliseconds from the head of a stream to its first token
    #[arg(long, default_value_t = 0)]
    pub ttft_ms: u64,
    /// Tokens a second in a stream; 0 sends as fast as possible
    #[arg(long, default_value_t = 0)]
    pub tokens_per_second: u32,
    /// Tokens in each answer, in place of its natural length
    #[arg(long)]
    pub tokens: Option<usize>,
    /// Tokens of context; a longer prompt is cut without a word. Ollama's own chat has 4096 unless told here
    #[arg(long)]
    pub context: Option<usize>,
    /// List models under /api/tags as older Ollama servers do: without capabilities and context
    #[arg(long)]
    pub bare_tags: bool,
    /// Fields that make a completion be refused with 400, separated by commas, such as tools,seed
    #[arg(long, value_delimiter = ',')]
    pub refuse: Vec<String>,
    /// Fields of a completion that are taken without effect, separated by commas, such as n,seed
    #[arg(long, value_delimiter = ',')]
    pub ignore: Vec<String>,
    /// Fault for every completion and embedding, such as status-503, hang, cut-3; @2 at its end limits it to the first 2
    #[arg(long)]
    pub fault: Option<Fault>,
    /// Folder of recorded answers: the model replay/FILE is answered with FILE, and GET /models with models.json
    #[arg(long, value_name = "DIR")]
    pub replay: Option<PathBuf>,
    /// Bytes of each piece of a replayed answer; without it they come whole
    #[arg(long, value_name = "BYTES")]
    pub replay_piece: Option<NonZeroUsize>,
    /// Requests to remember for `/__sim/requests`; 0 remembers none
    #[arg(long, default_value_t = SEEN)]
    pub seen: usize,
    /// Print no line per request
    #[arg(long)]
    pub quiet: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port: 0,
            models: MODELS.map(str::to_owned).to_vec(),
            strict_models: false,
            responses: false,
            listing: ListingShape::OpenAi,
            api_key: None,
            latency_ms: 0,
            ttft_ms: 0,
            tokens_per_second: 0,
            tokens: None,
            context: None,
            bare_tags: false,
            refuse: Vec::new(),
            ignore: Vec::new(),
            fault: None,
            replay: None,
            replay_piece: None,
            seen: SEEN,
            quiet: true,
        }
    }
}

impl fmt::Debug for Options {
    /// Leaves out the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("models", &self.models)
            .field("listing", &self.listing)
            .field("fault", &self.fault)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        options: Options,
    }

    #[test]
    fn flags_are_read() {
        let arguments = [
            "sim",
            "--models",
            "a,b/c:d",
            "--listing",
            "status-404",
            "--fault",
            "status-503@2",
            "--api-key",
            "secret",
        ];
        let options = Command::try_parse_from(arguments).unwrap().options;
        assert_eq!(
            (options.port, options.quiet, options.models.as_slice()),
            (9000, false, &["a".to_owned(), "b/c:d".to_owned()][..])
        );
        assert_eq!(
            options.fault.as_ref().map(ToString::to_string).as_deref(),
            Some("status-503@2")
        );
        assert!(!format!("{options:?}").contains("secret"));
        assert!(Command::try_parse_from(["sim", "--fault", "nope"]).is_err());
        assert!(Command::try_parse_from(["sim", "--listing", "nope"]).is_err());
        assert_eq!(
            Command::try_parse_from(["sim"]).unwrap().options.models,
            Options::default().models
        );
    }
}
