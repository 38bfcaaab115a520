//! A browser without scripts: cookies, forms, no redirect followed by itself.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use reqwest::{Method, header};

use crate::client::Answer;

/// A page that was shown.
#[derive(Clone, Debug)]
pub struct Page {
    /// The path it was asked for at.
    pub path: String,
    /// Status, headers and HTML.
    pub answer: Answer,
}

impl Page {
    /// Status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.answer.status
    }

    /// HTML.
    #[must_use]
    pub fn html(&self) -> &str {
        &self.answer.text
    }

    /// Where it leads, when it is a redirect.
    #[must_use]
    pub fn location(&self) -> &str {
        self.answer.header("location")
    }

    /// The forms that post: where to, and their hidden fields.
    #[must_use]
    pub fn forms(&self) -> Vec<(String, Vec<(String, String)>)> {
        let mut forms = Vec::new();
        for form in self.html().split("<form").skip(1) {
            let Some((start, rest)) = form.split_once('>') else { continue };
            if !attribute(start, "method").is_some_and(|method| method.eq_ignore_ascii_case("post")) {
                continue;
            }
            let body = rest.split("</form>").next().unwrap_or_default();
            let hidden = body.split("<input").skip(1).filter_map(|input| {
                let tag = input.split('>').next()?;
                (attribute(tag, "type")? == "hidden").then_some(())?;
                Some((attribute(tag, "name")?, attribute(tag, "value").unwrap_or_default()))
            });
            let action = attribute(start, "action").unwrap_or_else(|| self.path.clone());
            forms.push((action, hidden.collect()));
        }
        forms
    }
}

/// What a browser sends of the form that leads to `action`, when nobody touches it: names and values of all its inputs.
pub(crate) fn inputs(html: &str, action: &str) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let to = |form: &&str| {
        let start = form.split('>').next().unwrap_or_default();
        attribute(start, "action").as_deref() == Some(action)
    };
    let Some(form) = html.split("<form").skip(1).find(to) else { return all };
    let body = form.split("</form>").next().unwrap_or_default();
    for part in body.split('<').skip(1) {
        let (tag, text) = part.split_once('>').unwrap_or((part, ""));
        let Some(name) = attribute(tag, "name") else { continue };
        let is = |word: &str| tag.split_whitespace().any(|own| own == word);
        if is("disabled") {
            continue;
        }
        let value = || attribute(tag, "value").unwrap_or_default();
        match (tag.split_whitespace().next(), attribute(tag, "type").as_deref()) {
            (Some("input"), Some("checkbox" | "radio")) if !is("checked") => {}
            (Some("input"), _) => all.push((name, value())),
            (Some("textarea"), _) => all.push((name, unescaped(text))),
            (Some("select"), _) => {
                let start = body.find(&format!("<{part}")).unwrap_or_default();
                let options = body[start..].split("</select>").next().unwrap_or_default();
                let tags: Vec<&str> =
                    options.split("<option").skip(1).filter_map(|option| option.split('>').next()).collect();
                let chosen = tags.iter().find(|tag| tag.split_whitespace().any(|own| own == "selected"));
                if let Some(tag) = chosen.or(tags.first()) {
                    all.push((name, attribute(tag, "value").unwrap_or_default()));
                }
            }
            _ => {}
        }
    }
    all
}

fn unescaped(text: &str) -> String {
    text.replace("&quot;", "\"")
        .replace("&#x27;", "'")
        .replace("&#x2f;", "/")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

pub(crate) fn attribute(tag: &str, name: &str) -> Option<String> {
    let mut rest = tag;
    loop {
        let at = rest.find(name)?;
        let own = rest[..at].ends_with(char::is_whitespace);
        rest = &rest[at + name.len()..];
        if let Some(value) = rest.strip_prefix("=\"").filter(|_| own) {
            let value = value.split('"').next()?;
            return Some(unescaped(value));
        }
    }
}

/// One browser with its cookies.
#[derive(Debug)]
pub struct Browser {
    http: reqwest::Client,
    base: String,
    jar: Mutex<BTreeMap<String, String>>,
}

impl Browser {
    pub(crate) fn new(http: reqwest::Client, base: &str) -> Self {
        Self { http, base: base.to_owned(), jar: Mutex::default() }
    }

    /// Another browser that somebody copied the cookies into.
    #[must_use]
    pub fn copy(&self) -> Self {
        let jar = self.cookies();
        Self { http: self.http.clone(), base: self.base.clone(), jar: Mutex::new(jar) }
    }

    /// Its cookies.
    #[must_use]
    pub fn cookies(&self) -> BTreeMap<String, String> {
        self.jar.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts a cookie into the jar.
    pub fn set_cookie(&self, name: &str, value: &str) {
        self.jar.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), value.to_owned());
    }

    /// Sends a request as a browser does, with `Origin` where a browser sends it; `path` may be an absolute address of ours.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        form: Option<&[(&str, &str)]>,
        headers: &[(&str, &str)],
    ) -> Page {
        self.send_with(method, path, headers, |request| match form {
            Some(form) => request.form(form),
            None => request,
        })
        .await
    }

    async fn send_with(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        with: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder,
    ) -> Page {
        let path = path.strip_prefix(&self.base).unwrap_or(path);
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.base));
        let cookies: Vec<_> = self.cookies().iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        if method != Method::GET && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("origin")) {
            request = request.header(header::ORIGIN, &self.base);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = Answer::read(with(request).send().await.unwrap()).await;
        for set in answer.headers.get_all(header::SET_COOKIE) {
            let set = set.to_str().unwrap();
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            let mut jar = self.jar.lock().unwrap_or_else(PoisonError::into_inner);
            if value.is_empty() || set.contains("Max-Age=0") {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
        assert_ne!(answer.status, 500, "{method} {path} failed: {}", answer.text);
        Page { path: path.to_owned(), answer }
    }

    /// Opens a page.
    pub async fn get(&self, path: &str) -> Page {
        self.send(Method::GET, path, None, &[]).await
    }

    /// Sends a form's fields.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.send(Method::POST, path, Some(fields), &[]).await
    }

    /// Fills in the page's form that leads to `action` and sends it with its hidden fields.
    pub async fn submit(&self, page: &Page, action: &str, fields: &[(&str, &str)]) -> Page {
        let forms = page.forms();
        let form = forms.iter().find(|(to, _)| to == action);
        let (_, hidden) =
            form.unwrap_or_else(|| panic!("no form to {action} among {forms:?} in {}", page.html()));
        let mut all: Vec<(&str, &str)> =
            hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        all.extend_from_slice(fields);
        self.post(action, &all).await
    }

    /// The same with a file in the form's field `file.0`, which is called `file.1` and said to be a `file.2`.
    pub async fn submit_file(
        &self,
        page: &Page,
        action: &str,
        fields: &[(&str, &str)],
        (name, called, kind, bytes): (&str, &str, &str, &[u8]),
    ) -> Page {
        const BOUNDARY: &str = "a-line-that-is-in-no-file";
        let forms = page.forms();
        let (_, hidden) =
            forms.iter().find(|(to, _)| to == action).unwrap_or_else(|| panic!("no form to {action}"));
        let hidden = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let mut body = Vec::new();
        for (name, value) in hidden.chain(fields.iter().copied()) {
            let part =
                format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend_from_slice(part.as_bytes());
        }
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{called}\"\r\nContent-Type: {kind}\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        self.send_with(Method::POST, action, &[("content-type", &kind)], |request| request.body(body)).await
    }

    /// Signs in through the page; the browser is then the person's.
    pub async fn sign_in(&self, organization: &str, email: &str, password: &str) -> Page {
        let page = self.get("/sign-in").await;
        let fields = [("organization", organization), ("email", email), ("password", password)];
        self.submit(&page, "/sign-in", &fields).await
    }
}
