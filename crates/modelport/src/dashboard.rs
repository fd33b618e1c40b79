//! The dashboard: a page in the browser that asks the admin API. It is part of the binary, asks nobody else for
//! anything, and says nothing itself: what it shows, the admin API decides.

use axum::{body::Body, extract::Path, response::Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

mod files;

use files::{File, Files};

/// Where it is.
pub const PATH: &str = "/dashboard";

/// A browser keeps a file for a year, because its path changes with any of them.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// The page is asked for again each time.
const ASK: HeaderValue = HeaderValue::from_static("no-cache");

/// The page runs only its own files, speaks only with this gateway, and is nobody's frame.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// Whether somebody who asks for `/` is a person with a browser.
pub fn is_for(method: &Method, headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(header::ACCEPT).iter();
    let wants_page =
        accepted.any(|value| value.to_str().is_ok_and(|text| text.contains("text/html")));
    wants_page && (method == Method::GET || method == Method::HEAD)
}

/// Sends them to the dashboard.
pub fn redirect() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
    let to = HeaderValue::from_static(PATH);
    response.headers_mut().insert(header::LOCATION, to);
    response
}

/// The dashboard.
#[utoipa::path(
    get, path = "/dashboard", tag = "Pages", operation_id = "dashboard",
    responses((status = 200, description = "The page, which asks the admin API.", body = String, content_type = "text/html"))
)]
pub async fn page(headers: HeaderMap) -> Response {
    match Files::get().await {
        Some(files) => answer(&files.page, &headers, ASK),
        None => missing(),
    }
}

/// A part of the dashboard.
#[utoipa::path(
    get, path = "/dashboard/{path}", tag = "Pages", operation_id = "dashboard_part",
    params(("path" = String, Path, description = "Which part; the page knows them.")),
    responses((status = 200, description = "The same page.", body = String, content_type = "text/html"))
)]
pub async fn part(headers: HeaderMap) -> Response {
    page(headers).await
}

/// This API, for people.
#[utoipa::path(
    get, path = "/docs", tag = "Pages", operation_id = "docs",
    responses((status = 200, description = "The page, which shows `/openapi.json`.", body = String, content_type = "text/html"))
)]
pub async fn docs(headers: HeaderMap) -> Response {
    match Files::get().await {
        Some(files) => answer(&files.docs, &headers, ASK),
        None => missing(),
    }
}

/// One of the files that the pages consist of.
#[utoipa::path(
    get, path = "/dashboard/assets/{edition}/{path}", tag = "Pages", operation_id = "dashboard_asset",
    params(
        ("edition" = String, Path, description = "Changes with any of the files."),
        ("path" = String, Path, description = "The file."),
    ),
    responses(
        (status = 200, description = "The file."),
        (status = 404, description = "There is no such file in this version.", body = String, content_type = "text/plain"),
    )
)]
pub async fn asset(Path((edition, path)): Path<(String, String)>, headers: HeaderMap) -> Response {
    let Some(files) = Files::get().await else {
        return missing();
    };
    match files.find(&path) {
        Some(file) if edition == files.edition => answer(file, &headers, FOR_EVER),
        // Of a page that was loaded from another version of the gateway.
        Some(_) | None => missing(),
    }
}

fn answer(file: &File, headers: &HeaderMap, keep: HeaderValue) -> Response {
    let has_it = is_named(headers, &header::IF_NONE_MATCH, |tag| {
        tag.trim_start_matches("W/") == file.tag
    });
    let unpacked = &file.plain;
    let packed = file.packed.as_ref();
    let packed = packed.filter(|_| is_named(headers, &header::ACCEPT_ENCODING, is_gzip));
    let body = if has_it {
        Body::empty()
    } else {
        Body::from(packed.unwrap_or(unpacked).clone())
    };
    let mut response = Response::new(body);
    if has_it {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let said = response.headers_mut();
    said.insert(header::CONTENT_TYPE, file.kind.clone());
    said.insert(header::CACHE_CONTROL, keep);
    said.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(tag) = HeaderValue::from_str(&file.tag) {
        said.insert(header::ETAG, tag);
    }
    if packed.is_some() && !has_it {
        said.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    protect(response)
}

/// Whether one of a header's words, which commas separate, is it.
fn is_named(headers: &HeaderMap, name: &http::HeaderName, is_it: impl Fn(&str) -> bool) -> bool {
    let lines = headers.get_all(name).iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .any(|word| is_it(word.trim()))
}

fn is_gzip(word: &str) -> bool {
    let mut parts = word.split(';').map(str::trim);
    let named = parts.next();
    let is_refused = parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"));
    named == Some("gzip") && !is_refused
}

fn missing() -> Response {
    let text = "There is no such file of the dashboard. Load the page again.\n";
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = StatusCode::NOT_FOUND;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, plain);
    protect(response)
}

/// Adds what keeps a browser from making more of an answer than it is.
fn protect(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    let no_sniff = HeaderValue::from_static("nosniff");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, no_sniff);
    let nobody = HeaderValue::from_static("no-referrer");
    headers.insert(header::REFERRER_POLICY, nobody);
    headers.insert(
        "cross-origin-opener-policy",
        HeaderValue::from_static("same-origin"),
    );
    headers.insert(
        "cross-origin-resource-policy",
        HeaderValue::from_static("same-origin"),
    );
    response
}
