//! `modelport explain`: asks a running gateway who would answer a request, or who answered one. It decides nothing
//! itself: what it shows is what the gateway says.

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use clap::{ArgGroup, Args};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use modelport_provider::splice::{self, Spliced};
use serde_json::Value;

use super::{
    FAILED, Refusal, block_on, complain,
    gateway::{At, Gateway, Search},
    say,
};

mod asking;
mod words;

/// The longest body that is read.
const MAX_BODY: u64 = 64 << 20;

/// The body of a request of which only the model is known.
const NO_MESSAGES: &[u8] = br#"{"messages":[]}"#;

/// What belongs to the connection and not to a request.
const NOT_TO_GIVE: [HeaderName; 4] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::HOST,
    header::TRANSFER_ENCODING,
];

/// What to explain, and whom to ask.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 it is explained, 1 no gateway answers or it refuses to, 2 the command line or the configuration is wrong."
)]
#[command(group(ArgGroup::new("subject").required(true).multiple(true).args(["model", "body", "request"])))]
pub struct Options {
    /// Explain a request for this model
    #[arg(long)]
    model: Option<String>,
    /// Explain the request with this body, or with - the one on standard input; --model replaces its model
    #[arg(long, value_name = "FILE")]
    body: Option<PathBuf>,
    /// A header that the request has; may be given several times
    #[arg(long, value_name = "NAME:VALUE", value_parser = read_header)]
    header: Vec<(HeaderName, HeaderValue)>,
    /// Explain how a past request was decided: its id, from the header x-request-id of its answer
    #[arg(long, value_name = "ID", conflicts_with_all = ["model", "body", "header"])]
    request: Option<String>,
    #[command(flatten)]
    at: At,
    /// Print the gateway's answer as JSON
    #[arg(long)]
    json: bool,
}

/// Explains and gives the exit status.
pub fn run(file: Option<PathBuf>, options: &Options) -> u8 {
    let search = options.at.search("explain");
    let begun = Gateway::find(file, &search)
        .and_then(|gateway| Question::of(options, &search).map(|question| (gateway, question)));
    let (gateway, question) = match begun {
        Ok(begun) => begun,
        Err(refusal) => return refusal.tell(),
    };
    block_on(async {
        match asking::ask(&gateway, &question).await {
            Ok(explained) if options.json => {
                say(explained.to_string());
                0
            }
            Ok(explained) => {
                say(words::of(&explained));
                0
            }
            Err(words) => {
                complain(format!("modelport explain: {words}"));
                FAILED
            }
        }
    })
}

/// What to ask.
enum Question {
    /// Who would answer this request.
    Request { headers: HeaderMap, body: Spliced },
    /// Who answered the request with this id.
    Past { id: String },
}

impl Question {
    fn of(options: &Options, search: &Search<'_>) -> Result<Self, Refusal> {
        if let Some(id) = &options.request {
            return Ok(Self::Past { id: id.clone() });
        }
        let body = match &options.body {
            Some(file) => Bytes::from(read(file).map_err(|words| search.refusal(FAILED, words))?),
            None => Bytes::from_static(NO_MESSAGES),
        };
        let body = match &options.model {
            Some(model) => {
                let ask = splice::read_ask(&body)
                    .map_err(|fault| search.refusal(FAILED, fault.describe(&body)))?;
                splice::with_model(&body, &ask, model)
            }
            None => Spliced::from(body),
        };
        Ok(Self::Request {
            headers: options.header.iter().cloned().collect(),
            body,
        })
    }
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    let source: Box<dyn Read> = if file == Path::new("-") {
        Box::new(std::io::stdin().lock())
    } else {
        let opened = std::fs::File::open(file);
        Box::new(opened.map_err(|error| format!("{}: {error}", file.display()))?)
    };
    let mut body = Vec::new();
    let read = source.take(MAX_BODY + 1).read_to_end(&mut body);
    match read {
        Err(error) => Err(format!("{}: {error}", file.display())),
        Ok(_) if u64::try_from(body.len()).is_ok_and(|size| size > MAX_BODY) => Err(format!(
            "{}: it is larger than {MAX_BODY} bytes",
            file.display()
        )),
        Ok(_) => Ok(body),
    }
}

fn read_header(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let (name, value) = text
        .split_once(':')
        .ok_or("there is no colon between a name and a value")?;
    let name: HeaderName = name
        .trim()
        .parse()
        .map_err(|_| "the name is none that HTTP allows")?;
    let value =
        HeaderValue::from_str(value.trim()).map_err(|_| "the value is none that HTTP allows")?;
    if NOT_TO_GIVE.contains(&name) {
        return Err(format!("{name} is the connection's own"));
    }
    Ok((name, value))
}

/// A member that is a text, or a dash.
fn text<'a>(of: &'a Value, name: &str) -> &'a str {
    of.get(name).and_then(Value::as_str).unwrap_or("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_with_their_blanks_off() {
        let (name, value) = read_header("X-Tier:  gold:1 ").unwrap();
        assert_eq!(
            (name.as_str(), value.to_str().unwrap()),
            ("x-tier", "gold:1")
        );
        for wrong in [
            "x-tier",
            ": gold",
            "x tier: gold",
            "x: a\nb",
            "content-length: 1",
        ] {
            assert!(read_header(wrong).is_err(), "{wrong:?}");
        }
    }
}
