//! From nothing to the first answer, and what a server at rest occupies.

use std::time::Duration;

use lectern_tests::Engine;

use crate::{
    figures::{Millis, Times},
    site::{Server, Site},
};

const STARTS: usize = 20;

pub(crate) async fn measure(engine: Engine) {
    let mut site = Site::prepare(engine).await;
    let server = site.serve().await;
    server.stop().await;
    let file = site.app.data().join("lectern.toml");
    let address = site.app.config.server.bind;
    let mut times = Times::default();
    let mut last = None;
    for _start in 0..STARTS {
        if let Some(server) = last.take() {
            Server::stop(server).await;
        }
        let (server, time) = Server::start(&file, address).await;
        times.add(time);
        last = Some(server);
    }
    println!("  start to first answer: {}", times.sum_up());
    let server = last.unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    println!("  memory, idle: {} MiB", server.resident() / 1_024);
    if engine == Engine::Sqlite {
        println!("  first start on an empty folder: {}", Millis(first_start(&site).await));
    }
    site.close(server).await;
}

/// The start that makes the key, the tables and the set-up link.
async fn first_start(site: &Site) -> Duration {
    let folder = tempfile::tempdir().unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut config = site.app.config.clone();
    config.data.0 = folder.path().to_owned();
    config.server.bind = port;
    let file = folder.path().join("lectern.toml");
    std::fs::write(&file, toml::to_string(&config).unwrap()).unwrap();
    let (server, time) = Server::start(&file, port).await;
    server.stop().await;
    time
}
