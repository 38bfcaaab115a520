//! The server as a process of its own: to refuse, to be stopped, to be killed.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use lectern_api::db::Engine;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, Command},
    sync::watch,
    task::JoinHandle,
};

/// How a command ended.
#[derive(Clone, Debug)]
pub struct Output {
    /// Exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// The log.
    pub stderr: String,
}

/// How to call the `lectern` binary.
#[derive(Clone, Debug)]
pub struct Lectern {
    binary: PathBuf,
    variables: Vec<(String, String)>,
}

/// A server that runs.
#[derive(Debug)]
pub struct Serving {
    child: Child,
    /// Scheme, host and port.
    pub base: String,
    /// The one-time set-up link, when it printed one.
    pub set_up: Option<String>,
    log: watch::Receiver<Vec<String>>,
    /// Ends when the log does.
    reading: Option<JoinHandle<()>>,
}

impl Lectern {
    /// The binary at `path`, with a data folder and, where one lies in it, that configuration file.
    #[must_use]
    pub fn new(path: &str, data: &Path) -> Self {
        let file = data.join("lectern.toml");
        let config = if file.exists() { file } else { PathBuf::from("/dev/null") };
        let variables = vec![
            ("LECTERN_CONFIG".to_owned(), config.display().to_string()),
            ("LECTERN_DATA".to_owned(), data.display().to_string()),
        ];
        Self { binary: PathBuf::from(path), variables }
    }

    /// With a variable, such as `LECTERN_DATABASE__URL`.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// On this database.
    #[must_use]
    pub fn on(self, database: &crate::Database) -> Self {
        match database.engine {
            Engine::Sqlite => self,
            Engine::Postgres => self
                .with("LECTERN_DATABASE__URL", &database.url())
                .with("LECTERN_DATABASE__OWNER_URL", &database.owner_url()),
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Runs a command to its end.
    pub async fn run(&self, arguments: &[&str]) -> Output {
        self.run_with_input(arguments, "").await
    }

    /// Runs a command that must succeed; its standard output.
    pub async fn must(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments).await;
        assert_eq!(output.code, Some(0), "lectern {}: {output:#?}", arguments.join(" "));
        output.stdout
    }

    /// Runs a command with something on its standard input.
    pub async fn run_with_input(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A command that does not read may be gone already.
        stdin.write_all(input.as_bytes()).await.ok();
        drop(stdin);
        let running = child.wait_with_output();
        let output = tokio::time::timeout(Duration::from_secs(60), running)
            .await
            .unwrap_or_else(|_| panic!("`lectern {}` did not end within a minute", arguments.join(" ")))
            .unwrap();
        Output {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// `lectern demo --json` on ports the system chooses, in an empty folder; returns when its seeds are in, with what it printed.
    pub async fn demo(&self, folder: &Path) -> (Serving, serde_json::Value) {
        let folder = folder.display().to_string();
        let arguments = ["demo", "--json", "--port", "0", "--simulators-port", "0", "--data", &folder];
        let mut child = self.command(&arguments).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = tokio::time::timeout(Duration::from_secs(120), lines.next_line()).await;
        let line = line.expect("the seeds are in").unwrap().expect("one line");
        let told: serde_json::Value = serde_json::from_str(&line).unwrap();
        let base = told["url"].as_str().unwrap().to_owned();
        let (_, log) = watch::channel(Vec::new());
        (Serving { child, base, set_up: None, log, reading: None }, told)
    }

    /// `lectern serve` on a port the system chooses; returns when it answers.
    pub async fn serve(&self) -> Serving {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let base = format!("http://127.0.0.1:{port}");
        let mut child = self
            .clone()
            .with("LECTERN_SERVER__BIND", &format!("127.0.0.1:{port}"))
            .with("LECTERN_SERVER__PUBLIC_URL", &base)
            .command(&["serve"])
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut log = Vec::new();
        let mut set_up = None;
        let ready = tokio::time::timeout(Duration::from_secs(60), async {
            while let Some(line) = lines.next_line().await.unwrap() {
                if let Some(at) = line.find("http").filter(|_| line.contains("/set-up?token=")) {
                    set_up = line[at..].split_whitespace().next().map(str::to_owned);
                }
                let serves = line.contains("Lectern serves");
                log.push(line);
                if serves {
                    return true;
                }
            }
            false
        });
        assert!(ready.await.unwrap_or(false), "the server did not start:\n{}", log.join("\n"));
        let (write, log) = watch::channel(log);
        // Whoever does not read a pipe stops its writer.
        let reading = tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                write.send_modify(|log| log.push(line));
            }
        });
        Serving { child, base, set_up, log, reading: Some(reading) }
    }
}

impl Serving {
    /// Waits until a line of its log holds all these words.
    pub async fn logs(&self, words: &[&str]) {
        let mut log = self.log.clone();
        let said =
            log.wait_for(|lines| lines.iter().any(|line| words.iter().all(|word| line.contains(word))));
        let heard = matches!(tokio::time::timeout(Duration::from_secs(60), said).await, Ok(Ok(_)));
        assert!(heard, "the server never logged {words:?}:\n{}", self.log.borrow().join("\n"));
    }

    /// Sends a signal by its name: `TERM`, `KILL`, `STOP`, `CONT`.
    pub async fn signal(&self, name: &str) {
        let pid = self.child.id().unwrap().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status().await.unwrap();
        assert!(sent.success(), "kill -s {name} {pid}");
    }

    /// The most memory it ever used, in KiB.
    #[must_use]
    pub fn most_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id().unwrap())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// Waits for its end; the exit code.
    pub async fn ended(self) -> Option<i32> {
        self.ended_with_log().await.0
    }

    /// The same with everything it logged, to the last line.
    pub async fn ended_with_log(mut self) -> (Option<i32>, String) {
        let ended = tokio::time::timeout(Duration::from_secs(40), self.child.wait()).await;
        let code = ended.expect("the server ends").unwrap().code();
        if let Some(reading) = self.reading.take() {
            reading.await.unwrap();
        }
        let log = self.log.borrow().join("\n");
        (code, log)
    }
}
