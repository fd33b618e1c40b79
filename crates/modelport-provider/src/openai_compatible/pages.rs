//! Fetching a provider's model listing, page after page.

use std::collections::HashSet;

use http::{StatusCode, Uri};

use crate::{
    client::{Client, refusal_of},
    error::Error,
    listing::{self, Listing, NextPage},
    provider::Discovered,
};

/// The most pages followed: a listing that never ends must not keep us asking for ever.
const MAX_PAGES: usize = 50;

/// The whole listing at `path` below the base URL.
pub(crate) async fn list(client: &Client, path: &str) -> Result<Discovered, Error> {
    let base = &client.options.base;
    let mut uri = base.endpoint(path);
    let mut models = Vec::new();
    let mut skipped = 0;
    let mut seen = HashSet::new();
    for _ in 0..MAX_PAGES {
        if !seen.insert(uri.to_string()) {
            break;
        }
        let page = fetch(client, &uri).await?;
        models.extend(page.models);
        skipped += page.skipped;
        let next = page.next.and_then(|next| follow(client, path, &uri, &next));
        let Some(next) = next else { break };
        uri = next;
    }
    let mut ids = HashSet::new();
    models.retain(|model| ids.insert(model.id.clone()));
    if models.is_empty() {
        return Err(Error::malformed("the listing is empty"));
    }
    Ok(Discovered { models, skipped })
}

async fn fetch(client: &Client, uri: &Uri) -> Result<Listing, Error> {
    let (status, headers, body) = client.get(uri).await?;
    if status != StatusCode::OK {
        return Err(refusal_of(status, &headers, &body));
    }
    listing::read_listing(&body, client.options.profile.slug).map_err(Error::malformed)
}

/// Where the next page is; `None` when it would be on another host, where our key must not go.
fn follow(client: &Client, path: &str, here: &Uri, next: &NextPage) -> Option<Uri> {
    let base = &client.options.base;
    match next {
        NextPage::After(id) => {
            let id = percent_encoding::utf8_percent_encode(id, percent_encoding::NON_ALPHANUMERIC);
            Some(base.endpoint(&format!("{path}?after_id={id}")))
        }
        NextPage::Url(url) if url.starts_with('/') => {
            let mut parts = here.clone().into_parts();
            parts.path_and_query = url.parse().ok();
            Uri::from_parts(parts).ok()
        }
        NextPage::Url(url) if url.starts_with('?') => {
            let mut parts = here.clone().into_parts();
            parts.path_and_query = format!("{}{url}", here.path()).parse().ok();
            Uri::from_parts(parts).ok()
        }
        NextPage::Url(url) => {
            let uri: Uri = url.parse().ok()?;
            let same = uri.scheme() == here.scheme() && uri.authority() == here.authority();
            same.then_some(uri)
        }
    }
}
