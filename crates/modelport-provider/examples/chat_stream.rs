//! One question, the answer as it comes: `chat_stream BASE_URL MODEL QUESTION [KEY]`.
#![expect(clippy::print_stdout, reason = "a program that shows an answer")]

use std::io::Write;

use futures_util::StreamExt;
use modelport_provider::{OpenAiCompatibleProvider, Provider, chat::ChatRequest};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (base_url, model, question, key) = match arguments.as_slice() {
        [base_url, model, question] => (base_url, model, question, None),
        [base_url, model, question, key] => (base_url, model, question, Some(key.as_str())),
        _ => return Err("usage: chat_stream BASE_URL MODEL QUESTION [KEY]".into()),
    };
    let no_headers: [(&str, &str); 0] = [];
    let provider = OpenAiCompatibleProvider::new(key, base_url, None, no_headers)?;
    let request = ChatRequest::new(model).user(question.as_str());
    let mut chunks = provider.chat_stream(request).await?;
    while let Some(chunk) = chunks.next().await {
        // A stream that breaks off is an error here, never a short answer.
        print!("{}", chunk?.content().unwrap_or_default());
        std::io::stdout().flush()?;
    }
    println!();
    Ok(())
}
