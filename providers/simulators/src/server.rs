//! The listener behind every simulator: HTTP over loopback, able to hang up without an answer.

use std::{convert::Infallible, io, net::SocketAddr, time::Duration};

use axum::{Router, extract::Request, response::Response};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
};
use tokio::{net::TcpListener, task::JoinHandle, task::JoinSet};
use tower::ServiceExt as _;

/// Put into a response's extensions, it makes the server close the connection instead of answering.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HangUp;

/// A running listener; it and all its connections end when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Binds, so that the address is known before the router is built.
///
/// # Errors
/// When the address cannot be bound.
pub(crate) async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address).await
}

/// Serves the router until the returned handle is dropped.
///
/// # Errors
/// When the listener has no local address.
pub(crate) fn serve(listener: TcpListener, router: Router) -> io::Result<Server> {
    let address = listener.local_addr()?;
    let task = tokio::spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, peer)) => {
                        connections.spawn(connection(stream, peer, router.clone()));
                    }
                    Err(error) => {
                        tracing::warn!(%error, "a simulator could not accept a connection");
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                },
                Some(_) = connections.join_next() => {}
            }
        }
    });
    Ok(Server { address, task })
}

async fn connection(stream: tokio::net::TcpStream, peer: SocketAddr, router: Router) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY on a simulator's connection");
    }
    let service = hyper::service::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let router = router.clone();
        async move {
            let mut request: Request = request.map(axum::body::Body::new);
            request.extensions_mut().insert(peer);
            let answer: Result<Response, Infallible> = router.oneshot(request).await;
            match answer {
                Ok(response) if response.extensions().get::<HangUp>().is_none() => Ok(response),
                _ => Err(io::Error::other("the simulator hangs up, as asked")),
            }
        }
    });
    if let Err(error) =
        Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await
    {
        tracing::trace!(%error, "a simulator's connection ended");
    }
}
