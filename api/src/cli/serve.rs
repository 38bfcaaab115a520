use std::{future::Future, net::SocketAddr, time::Duration};

use axum::Router;
use tokio::net::TcpListener;

use crate::{
    app::{App, Outside, StartError},
    config::Config,
    events, people,
    routes::router,
};

/// How long a stop waits for requests under way.
const PATIENCE: Duration = Duration::from_secs(25);

/// Serves until the process is asked to end.
pub(super) async fn serve(config: Config, outside: Outside) -> Result<(), super::Failed> {
    let bind = config.server.bind;
    let app = App::open(config, outside).await?;
    let listener = TcpListener::bind(bind)
        .await
        .map_err(|error| StartError::Config(format!("{bind} cannot be listened on: {error}")))?;
    let end = asked_to_end();
    app.start_background().await;
    if let Ok(Some(token)) = people::service::set_up_token(&app).await {
        tracing::info!(
            "first start: set this server up at {}",
            app.config.server.url(&format!("/set-up?token={}", token.expose()))
        );
    }
    tracing::info!("Lectern serves {} on {bind}", app.config.server.origin());
    serve_on(listener, app, end).await?;
    Ok(())
}

/// Serves on a listener until `end`; then finishes what is under way.
pub async fn serve_on(
    listener: TcpListener,
    app: App,
    end: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    serve_beside(listener, app, Router::new(), end).await
}

/// The same with some paths beside the server's own.
pub(super) async fn serve_beside(
    listener: TcpListener,
    app: App,
    beside: Router<App>,
    end: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let service: Router = router(app.clone(), beside);
    let stopping = app.clone();
    let server = axum::serve(listener, service.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(async move {
            end.await;
            stopping.stop();
        });
    let waiting = app.clone();
    tokio::select! {
        served = server => served?,
        () = async move { waiting.stopping().await; tokio::time::sleep(PATIENCE).await } => tracing::warn!("some requests did not end in time"),
    }
    if let Err(error) = events::publisher::hand_over(&app).await {
        tracing::warn!(%error, "the publisher's lease could not be given back: {error}");
    }
    app.db.close().await;
    Ok(())
}

/// SIGTERM, SIGINT or, on other systems, Ctrl-C. They are heard from this call on, not only from the first poll on.
pub(super) fn asked_to_end() -> impl Future<Output = ()> + Send + 'static {
    #[cfg(unix)]
    let signals = {
        use tokio::signal::unix::{SignalKind, signal};
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    };
    async move {
        #[cfg(unix)]
        if let (Ok(mut term), Ok(mut int)) = signals {
            tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
            return;
        }
        tokio::signal::ctrl_c().await.ok();
    }
}
