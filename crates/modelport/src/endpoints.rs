//! Every URL the gateway serves, in one table.

use axum::{
    Router,
    body::Body,
    extract::Request,
    response::Response,
    routing::{any, get, patch, post},
};
use tower::Layer;
use tower_http::{
    catch_panic::{CatchPanic, CatchPanicLayer, ResponseForPanic},
    cors::{AllowHeaders, AllowOrigin, Any, CorsLayer},
};

mod openapi;

pub use openapi::text as openapi_text;

use crate::{
    api::{self, admin, health, metrics, models, passed_on, providers, route},
    app::Seat,
    config::CorsOrigins,
    dashboard,
    proxy::surface::Surface,
};

/// The endpoints whose requests go to a provider.
const PASSED_ON: [Surface; 14] = [
    Surface::ChatCompletions,
    Surface::Completions,
    Surface::Responses,
    Surface::Messages,
    Surface::CountTokens,
    Surface::Embeddings,
    Surface::Moderations,
    Surface::Rerank,
    Surface::ImageGenerations,
    Surface::ImageEdits,
    Surface::ImageVariations,
    Surface::Speech,
    Surface::Transcriptions,
    Surface::Translations,
];

/// The table. The paths without `/v1` are for clients whose base URL leaves it out.
pub fn router(seat: Seat) -> Router {
    let cors = cors(&seat.worker().app.config.server.cors_origins);
    let mut router = Router::new();
    for surface in PASSED_ON {
        let path = surface.path();
        router = router
            .route(&format!("/v1{path}"), passed_on::at(surface))
            .route(path, passed_on::at(surface));
    }
    let router = router
        .route("/v1/models", get(models::list))
        .route("/models", get(models::list))
        .route("/v1/models/{*id}", get(models::show))
        .route("/models/{*id}", get(models::show))
        .route("/v1/providers", get(providers::list))
        .route("/v1/providers/{id}", get(providers::show))
        .route("/v1/providers/{id}/health", get(providers::health))
        .route("/v1/route/explain", post(route::explain))
        .route("/v1/route/decisions/{id}", get(route::decision))
        .route(
            "/admin/v1/keys",
            get(admin::keys::list).post(admin::keys::create),
        )
        .route(
            "/admin/v1/keys/{id}",
            get(admin::keys::show)
                .patch(admin::keys::update)
                .delete(admin::keys::revoke),
        )
        .route("/admin/v1/keys/{id}/rotate", post(admin::keys::rotate))
        .route(
            "/admin/v1/teams",
            get(admin::teams::list).post(admin::teams::create),
        )
        .route(
            "/admin/v1/teams/{id}",
            patch(admin::teams::update).delete(admin::teams::delete),
        )
        .route("/admin/v1/limits", get(admin::limits::show))
        .route("/admin/v1/usage", get(admin::usage::show))
        .route("/admin/v1/session", get(admin::session::show))
        .route("/admin/v1/settings", get(admin::settings::show))
        .route("/admin/v1/overview", get(admin::overview::show))
        .route("/admin/v1/live", get(admin::live::show))
        .route(
            "/admin/v1/logs",
            get(admin::logs::show).put(admin::logs::change),
        )
        .route("/admin/v1/requests", get(admin::requests::list))
        .route("/admin/v1/requests/live", get(admin::requests::live::show))
        .route("/admin/v1/requests/{id}", get(admin::requests::show))
        .route("/admin/v1/providers", get(admin::providers::list))
        .route(
            "/admin/v1/providers/{id}/refresh",
            post(admin::providers::refresh),
        )
        .route(
            "/admin/v1/providers/{id}/probe",
            post(admin::providers::probe),
        )
        .route("/admin/v1/models", get(admin::models::list))
        .route("/admin/v1/routes", get(admin::routes::list))
        .route("/admin/v1/routes/explain", post(admin::routes::explain))
        .route("/", any(root))
        .route("/openapi.json", get(openapi::show))
        .route("/docs", get(dashboard::docs))
        .route("/dashboard", get(dashboard::page))
        .route("/dashboard/{*path}", get(dashboard::part))
        .route("/dashboard/assets/{edition}/{*path}", get(dashboard::asset))
        .route("/metrics", get(metrics::show))
        .route("/health", get(health::show))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .fallback(api::unknown_url)
        .method_not_allowed_fallback(api::method_not_allowed)
        .with_state(seat);
    match cors {
        Some(cors) => router.layer(cors),
        None => router,
    }
}

/// The table behind a net that catches panics: once around all of it, so that a request passes
/// one net and not one for each route.
pub fn service(seat: Seat) -> Service {
    CatchPanicLayer::custom(Panicked).layer(router(seat))
}

/// What a request that panicked is answered with.
#[derive(Clone, Copy, Debug)]
pub struct Panicked;

impl ResponseForPanic for Panicked {
    type ResponseBody = Body;

    fn response_for_panic(&mut self, panic: Box<dyn std::any::Any + Send>) -> Response {
        api::panicked(panic)
    }
}

/// What serves a connection.
pub type Service = CatchPanic<Router, Panicked>;

/// Leads a person to the dashboard.
///
/// To programs there is nothing here.
#[utoipa::path(
    get, path = "/", tag = "Pages", operation_id = "root",
    responses(
        (status = 307, description = "For a browser: the dashboard is in `location`."),
        (status = 404, description = "For programs.", body = ref("#/components/schemas/Error")),
    )
)]
async fn root(request: Request) -> Response {
    if dashboard::is_for(request.method(), request.headers()) {
        dashboard::redirect()
    } else {
        api::unknown_url(request).await
    }
}

/// Which web pages may call from a browser; none unless configured.
fn cors(origins: &CorsOrigins) -> Option<CorsLayer> {
    let origin = match origins {
        CorsOrigins::Closed => return None,
        CorsOrigins::Any => AllowOrigin::any(),
        CorsOrigins::Listed(origins) => AllowOrigin::list(origins.clone()),
    };
    Some(
        CorsLayer::new()
            .allow_origin(origin)
            .allow_methods(Any)
            // A browser does not take `*` for `authorization` (Fetch standard, "CORS protocol").
            .allow_headers(AllowHeaders::mirror_request())
            .expose_headers(Any),
    )
}
