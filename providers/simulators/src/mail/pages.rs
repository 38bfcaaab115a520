//! The inbox as pages and as JSON.

use std::{fmt::Write as _, sync::Arc};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use serde_json::{Value, json};

use super::catcher::Inbox;
use crate::html::{escape, page};

/// The inbox at `/`, one message at `/messages/{id}`, all of them as JSON at `/api/messages`.
pub(crate) fn router(inbox: Arc<Inbox>) -> Router {
    Router::new()
        .route("/", get(list))
        .route("/messages/{id}", get(show))
        .route("/messages/{id}/html", get(html_part))
        .route("/messages/{id}/attachments/{index}", get(attachment))
        .route("/api/messages", get(api))
        .with_state(inbox)
}

async fn api(State(inbox): State<Arc<Inbox>>) -> Json<Value> {
    let messages = inbox
        .all()
        .into_iter()
        .map(|message| {
            json!({
                "id": message.id, "from": message.from, "to": message.to, "subject": message.subject,
                "text": message.text, "html": message.html, "attachments": message.attachments,
            })
        })
        .collect();
    Json(Value::Array(messages))
}

async fn list(State(inbox): State<Arc<Inbox>>) -> Html<String> {
    let mut rows = String::new();
    for message in inbox.all().iter().rev() {
        // Writing to a String cannot fail.
        let _ = write!(
            rows,
            "<tr><td>{}</td><td><a href=\"/messages/{}\">{}</a></td></tr>",
            escape(&message.to.join(", ")),
            message.id,
            escape(if message.subject.is_empty() { "(no subject)" } else { &message.subject }),
        );
    }
    let body = if rows.is_empty() {
        "<h1>Inbox</h1><p class=\"soft\">No mail yet. This page reloads itself.</p>".to_owned()
    } else {
        format!("<h1>Inbox</h1><table><tr><th>To</th><th>Subject</th></tr>{rows}</table>")
    };
    Html(page("Mail", "Inbox", "<meta http-equiv=\"refresh\" content=\"10\">", &body))
}

/// Plain text with its http(s) links made clickable.
fn linked(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut rest = text;
    while let Some(at) = ["https://", "http://"].iter().filter_map(|scheme| rest.find(scheme)).min() {
        out.push_str(&escape(&rest[..at]));
        let tail = &rest[at..];
        let end =
            tail.find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"')).unwrap_or(tail.len());
        let link = tail[..end].trim_end_matches(['.', ',', ')', ';']);
        let safe = escape(link);
        let _ = write!(out, "<a href=\"{safe}\" rel=\"noreferrer\">{safe}</a>");
        rest = &tail[link.len()..];
    }
    out.push_str(&escape(rest));
    out
}

fn missing() -> Response {
    (StatusCode::NOT_FOUND, Html(page("Mail", "Not found", "", "<h1>No such message</h1>"))).into_response()
}

async fn show(State(inbox): State<Arc<Inbox>>, Path(id): Path<u64>) -> Response {
    let Some(message) = inbox.all().into_iter().find(|message| message.id == id) else { return missing() };
    let mut body = format!(
        "<p><a href=\"/\">Inbox</a></p><h1>{}</h1><p class=\"soft\">From {} to {}</p><pre>{}</pre>",
        escape(&message.subject),
        escape(&message.from),
        escape(&message.to.join(", ")),
        linked(&message.text),
    );
    if !message.html.is_empty() {
        // No scripts, no forms; links open in a new tab so that they leave the frame.
        let _ = write!(
            body,
            "<h2>As HTML</h2><iframe title=\"The message as HTML\" sandbox=\"allow-popups allow-popups-to-escape-sandbox\" src=\"/messages/{id}/html\"></iframe>",
        );
    }
    if !message.attachments.is_empty() {
        body.push_str("<h2>Attachments</h2><ul>");
        for (index, attachment) in message.attachments.iter().enumerate() {
            let _ = write!(
                body,
                "<li><a href=\"/messages/{id}/attachments/{index}\">{}</a> <span class=\"soft\">{}</span></li>",
                escape(&attachment.filename),
                escape(&attachment.content_type),
            );
        }
        body.push_str("</ul>");
    }
    Html(page("Mail", &message.subject, "", &body)).into_response()
}

async fn html_part(State(inbox): State<Arc<Inbox>>, Path(id): Path<u64>) -> Response {
    let Some(message) = inbox.all().into_iter().find(|message| message.id == id) else { return missing() };
    let policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox allow-popups allow-popups-to-escape-sandbox";
    let html = format!("<base target=\"_blank\">{}", message.html);
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(html)).into_response()
}

async fn attachment(State(inbox): State<Arc<Inbox>>, Path((id, index)): Path<(u64, usize)>) -> Response {
    let message = inbox.all().into_iter().find(|message| message.id == id);
    let Some(attachment) = message.and_then(|message| message.attachments.into_iter().nth(index)) else {
        return missing();
    };
    let headers =
        [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (headers, attachment.text).into_response()
}
