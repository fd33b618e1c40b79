//! `modelport demo`: a simulated provider, a gateway in front of it, and two chats through both.

use std::{ffi::OsString, net::SocketAddr};

use clap::Args;
use futures_util::StreamExt;
use modelport_provider::{
    chat::ChatRequest, openai_compatible::OpenAiCompatibleProvider, provider::Provider,
};
use modelport_sim::Sim;

use super::{FAILED, block_on, complain, say, show};
use crate::{
    config,
    server::{Server, StartFault},
    telemetry::logs,
};

/// How the demo runs.
#[derive(Debug, Args)]
pub struct Options {
    /// Stop after the two chats instead of serving until Ctrl-C
    #[arg(long)]
    once: bool,
    /// The gateway's port; a free one unless given
    #[arg(long, default_value_t = 0)]
    port: u16,
}

/// Runs the demo and gives the exit status.
pub fn run(options: &Options) -> u8 {
    logs::start(logs::Settings {
        level: tracing::Level::WARN,
        format: logs::Format::Text,
    });
    block_on(async {
        match demo(options).await {
            Ok(()) => 0,
            Err(error) => {
                complain(format!("modelport demo: {error}"));
                FAILED
            }
        }
    })
}

async fn demo(options: &Options) -> Result<(), Box<dyn std::error::Error>> {
    let sim = Sim::start(modelport_sim::Options {
        quiet: true,
        tokens_per_second: 30,
        ttft_ms: 150,
        ..modelport_sim::Options::default()
    })
    .await?;
    let server = bind(&sim, options.port)?;
    let addr = server.addr()?;
    say(format!(
        "A simulated provider listens on {}",
        sim.base_url()
    ));
    say(format!(
        "modelport listens on http://{addr}/v1, in front of it\n"
    ));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(server.run(async {
        let _ = stopped.await;
    }));
    chats(addr).await?;
    if options.once {
        let _ = stop.send(());
    } else {
        say(next_steps(addr));
        tokio::signal::ctrl_c().await?;
        let _ = stop.send(());
    }
    serving.await??;
    sim.stop().await;
    Ok(())
}

fn bind(sim: &Sim, port: u16) -> Result<Server, StartFault> {
    let settings = [
        ("OPENAI_COMPATIBLE_BASE_URL", sim.base_url()),
        ("OPENAI_COMPATIBLE_API_KEY", "demo-key".to_owned()),
        ("OPENAI_COMPATIBLE_PROVIDER_NAME", "Simulated".to_owned()),
        ("OPENAI_COMPATIBLE_DEFAULT_MODEL", "sim-smart".to_owned()),
        ("OLLAMA_SETTINGS_ENABLED", "false".to_owned()),
        ("LOG_LEVEL", "WARN".to_owned()),
        ("PORT", port.to_string()),
    ];
    let settings = settings.map(|(name, value)| (OsString::from(name), OsString::from(value)));
    let config = config::load(settings.into_iter(), None, None)
        .map_err(|faults| std::io::Error::other(faults.to_string()))?;
    Server::bind(config)
}

/// A plain and a streamed chat, as a program that uses the provider crate would have them.
async fn chats(addr: SocketAddr) -> Result<(), Box<dyn std::error::Error>> {
    let client = OpenAiCompatibleProvider::builder(&format!("http://{addr}/v1")).build()?;
    say("> plain: What does a gateway do?");
    let request = ChatRequest::new("sim-smart").user("What does a gateway do?");
    let answer = client.chat(request).await?;
    say(answer.text());
    if let Some(usage) = answer.usage() {
        say(format!(
            "({} tokens in, {} out)\n",
            usage.input_tokens, usage.output_tokens
        ));
    }
    say("> streamed: Tell me why streaming matters.");
    let request = ChatRequest::new("sim-smart").user("Tell me why streaming matters.");
    let mut chunks = client.chat_stream(request).await?;
    while let Some(chunk) = chunks.next().await {
        show(chunk?.content().unwrap_or_default());
    }
    say("\n");
    Ok(())
}

fn next_steps(addr: SocketAddr) -> String {
    format!(
        r#"Try it from another terminal:

  curl -N http://{addr}/v1/chat/completions -H 'content-type: application/json' \
    -d '{{"model": "sim-smart", "stream": true, "messages": [{{"role": "user", "content": "Hello!"}}]}}'

or from Python (pip install openai):

  from openai import OpenAI
  client = OpenAI(base_url="http://{addr}/v1", api_key="unused")
  for chunk in client.chat.completions.create(model="sim-smart", stream=True,
          messages=[{{"role": "user", "content": "Hello!"}}]):
      print(chunk.choices[0].delta.content or "", end="", flush=True)

What is served: http://{addr}/v1/models and http://{addr}/v1/providers
Ctrl-C stops it."#
    )
}
