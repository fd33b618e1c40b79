//! Fetching a provider's model listing, page after page.

use std::collections::HashSet;

use http::{StatusCode, Uri};

use crate::{
    client::{Client, refusal_of},
    error::Error,
    listing::{self, Listing, NextPage},
    profile::{Place, Profile},
    provider::Discovered,
};

/// The most pages followed: a listing that never ends must not keep us asking for ever.
const MAX_PAGES: usize = 50;

/// The whole listing of a provider with this profile, from the first of its places that is there.
pub(crate) async fn list(client: &Client, profile: &Profile) -> Result<Discovered, Error> {
    let mut missing = None;
    for place in profile.listings {
        match list_at(client, *place, profile.slug).await {
            Err(error) if error.status() == Some(StatusCode::NOT_FOUND) => missing = Some(error),
            result => return result,
        }
    }
    Err(missing.unwrap_or_else(|| {
        Error::invalid(format_args!("{} has no model listing", client.options.name))
    }))
}

/// The whole listing at `place`, read as one of the provider `slug`.
pub(crate) async fn list_at(
    client: &Client,
    place: Place,
    slug: &str,
) -> Result<Discovered, Error> {
    let mut uri = client.place(place, "");
    let mut models = Vec::new();
    let mut skipped = 0;
    let mut seen = HashSet::new();
    for _ in 0..MAX_PAGES {
        if !seen.insert(uri.to_string()) {
            break;
        }
        let page = fetch(client, &uri, slug).await?;
        models.extend(page.models);
        skipped += page.skipped;
        let next = page
            .next
            .and_then(|next| follow(client, place, &uri, &next));
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

async fn fetch(client: &Client, uri: &Uri, slug: &str) -> Result<Listing, Error> {
    let (status, headers, body) = client.get(uri).await?;
    if status != StatusCode::OK {
        return Err(refusal_of(status, &headers, &body));
    }
    listing::read_listing(&body, slug).map_err(Error::malformed)
}

/// Where the next page is; `None` when it would be on another host, where our key must not go.
fn follow(client: &Client, place: Place, here: &Uri, next: &NextPage) -> Option<Uri> {
    match next {
        NextPage::After(id) => {
            let id = percent_encoding::utf8_percent_encode(id, percent_encoding::NON_ALPHANUMERIC);
            Some(client.place(place, &format!("?after_id={id}")))
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
