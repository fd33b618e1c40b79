//! Asking a server what it has: the models installed, what each is, and which are loaded. Details are asked for once a
//! digest; a server that gives none is listed without them.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use futures_util::{StreamExt, stream};
use http::{HeaderMap, StatusCode};
use serde_json::json;

use super::{
    details::{self, Details},
    known::Known,
    window::Window,
};
use crate::{
    client::Client,
    error::Error,
    listing::{ListedModel, Loaded, Local, Memory},
    object::Object,
    openai_compatible::pages,
    profile::Place,
    profiles::OLLAMA,
    provider::Discovered,
    splice::Spliced,
};

/// How many models are asked about at a time.
const CONCURRENT: usize = 4;

/// The most models that are asked about for one listing; the next listing goes on.
const MAX_ASKED: usize = 256;

/// How long a listing waits for details; what has not come by then is asked for with the next one.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest answer about one model: licences and templates are in it.
const MAX_SHOW: usize = 4 << 20;

/// Everything a server has. One that has only the OpenAI layer is asked there.
pub(super) async fn list(client: &Client, known: &Known) -> Result<Discovered, Error> {
    let slug = OLLAMA.slug;
    let mut found = match pages::list_at(client, Place::Below("/api/tags"), slug).await {
        Err(error) if error.status() == Some(StatusCode::NOT_FOUND) => {
            let found = pages::list_at(client, Place::Below("/v1/models"), slug).await?;
            known.note_only_layer();
            return Ok(found);
        }
        result => result?,
    };
    let learning = learn(client, known, &found.models);
    let ((), loaded) = futures_util::future::join(learning, loaded(client)).await;
    let digests: HashSet<String> = found.models.iter().map(digest).collect();
    known.retain(|digest| digests.contains(digest));
    let mut windows = HashMap::new();
    for model in &mut found.models {
        let details = known.details(&digest(model));
        describe(model, details, loaded.as_ref());
        windows.insert(model.id.clone(), window(model, details));
    }
    known.replace(windows);
    Ok(found)
}

/// Asks about the models whose digests are new.
async fn learn(client: &Client, known: &Known, models: &[ListedModel]) {
    let mut asked = HashSet::new();
    let new = models.iter().filter_map(|model| {
        let digest = digest(model);
        let is_new = known.details(&digest).is_none() && asked.insert(digest.clone());
        is_new.then(|| (model.id.clone(), digest))
    });
    let new: Vec<_> = new.take(MAX_ASKED).collect();
    let mut answers = stream::iter(new)
        .map(|(id, digest)| async move { (digest, show(client, &id).await) })
        .buffer_unordered(CONCURRENT);
    let all = async {
        while let Some((digest, details)) = answers.next().await {
            if let Some(details) = details {
                known.learn(digest, details);
            }
        }
    };
    // What did not come in time is missing, which is no failure of the listing.
    let _ = tokio::time::timeout(PATIENCE, all).await;
}

/// What tells a model's contents; where the listing has none, its name and age.
fn digest(model: &ListedModel) -> String {
    let entry = Object::read(model.raw.get()).unwrap_or_default();
    match entry.text("digest").filter(|digest| !digest.is_empty()) {
        Some(digest) => digest.into_owned(),
        None => format!("{}@{}", model.id, model.created.unwrap_or_default()),
    }
}

async fn show(client: &Client, id: &str) -> Option<Details> {
    let uri = client.options.base.endpoint("/api/show");
    let body = Spliced::from(bytes::Bytes::from(json!({"model": id}).to_string()));
    let (parts, mut answer) = client
        .post(&uri, &HeaderMap::new(), &body)
        .await
        .ok()?
        .into_parts();
    let body = answer.collect(MAX_SHOW).await.ok()?;
    parts
        .status
        .is_success()
        .then(|| details::read_show(&body, id))?
}

/// The loaded models; `None` if the server does not say.
async fn loaded(client: &Client) -> Option<HashMap<String, Loaded>> {
    let uri = client.options.base.endpoint("/api/ps");
    let asked = tokio::time::timeout(PATIENCE, client.get(&uri)).await;
    let (status, _, body) = asked.ok()?.ok()?;
    let loaded = status.is_success().then(|| details::read_ps(&body))??;
    Some(loaded.into_iter().collect())
}

/// Puts what is known into a listing's entry.
fn describe(
    model: &mut ListedModel,
    details: Option<Details>,
    loaded: Option<&HashMap<String, Loaded>>,
) {
    let memory = match loaded.map(|all| all.get(&model.id)) {
        None => Memory::Unknown,
        Some(None) => Memory::Unloaded,
        Some(Some(loaded)) => Memory::Loaded(*loaded),
    };
    let details = details.unwrap_or_default();
    let trained = model.context_length.or(details.trained);
    model.context_length = memory.context_length().or(trained);
    // The list of newer servers and `/api/show` say the same; the latter is there for older servers too.
    if details.capabilities.known().next().is_some() {
        model.capabilities = details.capabilities;
    }
    model.local = Some(Local {
        trained_context: trained,
        default_context: details.preset,
        memory,
    });
}

fn window(model: &ListedModel, details: Option<Details>) -> Window {
    let local = model.local.as_ref();
    let entry = Object::read(model.raw.get()).unwrap_or_default();
    Window {
        trained: local.and_then(|local| local.trained_context),
        preset: local.and_then(|local| local.default_context),
        loaded: local.and_then(|local| local.memory.context_length()),
        remote: entry.has("remote_host") || details.is_some_and(|details| details.remote),
    }
}
