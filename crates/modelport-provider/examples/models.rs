//! What a provider serves, and whether it is well: `models BASE_URL [KEY]`.
#![expect(clippy::print_stdout, reason = "a program that shows a list")]

use modelport_provider::{OpenAiCompatibleProvider, Provider};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (base_url, key) = match arguments.as_slice() {
        [base_url] => (base_url, None),
        [base_url, key] => (base_url, Some(key.as_str())),
        _ => return Err("usage: models BASE_URL [KEY]".into()),
    };
    let no_headers: [(&str, &str); 0] = [];
    let provider = OpenAiCompatibleProvider::new(key, base_url, None, no_headers)?;
    let health = provider.health().await;
    let state = health.state.as_str();
    println!("{} is {state}: {}", provider.name(), health.reason);
    for model in provider.list_models().await?.models {
        let context = model.context_length;
        let context = context.map_or_else(String::new, |tokens| format!(", {tokens} tokens"));
        println!("{}{context}", model.id);
    }
    Ok(())
}
