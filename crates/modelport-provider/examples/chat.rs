//! One question, one answer: `chat BASE_URL MODEL QUESTION [KEY]`.
#![expect(clippy::print_stdout, reason = "a program that shows an answer")]

use modelport_provider::{OpenAiCompatibleProvider, Provider, chat::ChatRequest};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (base_url, model, question, key) = match arguments.as_slice() {
        [base_url, model, question] => (base_url, model, question, None),
        [base_url, model, question, key] => (base_url, model, question, Some(key.as_str())),
        _ => return Err("usage: chat BASE_URL MODEL QUESTION [KEY]".into()),
    };
    let no_headers: [(&str, &str); 0] = [];
    let provider = OpenAiCompatibleProvider::new(key, base_url, None, no_headers)?;
    let request = ChatRequest::new(model).user(question.as_str());
    let answer = provider.chat(request).await?;
    println!("{}", answer.text());
    if let Some(usage) = answer.usage() {
        let (input, output) = (usage.input_tokens, usage.output_tokens);
        println!("({}: {input} tokens in, {output} out)", provider.name());
    }
    Ok(())
}
