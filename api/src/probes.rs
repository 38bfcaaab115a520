//! What operators and load balancers ask, and what the log says of each request.

use std::{any::Any, sync::LazyLock};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::{app::App, error::ApiError};

/// `GET /healthz`: the process lives.
pub async fn health() -> &'static str {
    "ok"
}

/// `GET /readyz`: it can serve: the database answers, and it is not about to stop.
pub async fn ready(State(app): State<App>) -> Response {
    let answered = tokio::time::timeout(std::time::Duration::from_secs(2), async {
        let mut tx = app.db.system_read().await?;
        crate::organizations::service::find(&mut tx, crate::app::OPERATOR).await
    });
    match answered.await {
        Ok(Ok(Some(_))) if !app.is_stopping() => "ready".into_response(),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "not ready").into_response(),
    }
}

/// The process's one recorder of figures.
pub fn recorder() -> PrometheusHandle {
    static RECORDER: LazyLock<PrometheusHandle> = LazyLock::new(|| {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("another recorder of metrics is already installed; /metrics stays empty");
        }
        handle
    });
    RECORDER.clone()
}

/// `GET /metrics`, in the Prometheus text format.
pub async fn metrics(State(app): State<App>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], app.metrics.render()).into_response()
}

/// One span a request: the route's pattern, never the address itself, which may hold a token.
pub fn span(request: &Request) -> tracing::Span {
    let route = request.extensions().get::<MatchedPath>().map_or("unknown", MatchedPath::as_str);
    tracing::info_span!("request", method = %request.method(), route)
}

/// A panic ends one request, not the server.
pub fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let what = panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    ApiError::internal(what.unwrap_or_else(|| "a handler panicked".to_owned())).into_response()
}
