//! The `lectern` command.

#[tokio::main]
async fn main() -> std::process::ExitCode {
    lectern_api::cli::main().await
}
