use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};

use crate::app::App;

/// Marks the answers of join pages, which tell nobody where they were opened and are kept by nobody.
#[derive(Clone, Debug)]
pub struct JoinHeaders;

/// Marks the answers of pages whose forms lead to where people pay.
#[derive(Clone, Debug)]
pub struct CheckoutHeaders;

/// Marks the answers of pages whose forms lead to wherever somebody pasted a link to.
#[derive(Clone, Debug)]
pub struct PastedLinkHeaders;

/// Marks the answers that pages of these origins may show inside a frame: names of origins with blanks between, already checked.
/// Nobody may frame any other answer.
#[derive(Clone, Debug)]
pub struct FrameHeaders(pub String);

/// The content policy: our own files only, no inline script or style, and who may frame the page. Forms may lead to us and, by
/// the redirect of a good redemption, to the platforms' meeting hosts.
fn content_security_policy(sources: &[String], ancestors: &str) -> String {
    let mut forms = String::new();
    for host in sources {
        forms.push(' ');
        forms.push_str(host);
    }
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; \
         form-action 'self'{forms}; base-uri 'none'; frame-ancestors {ancestors}"
    )
}

fn header_of(sources: &[String], ancestors: &str) -> HeaderValue {
    HeaderValue::from_str(&content_security_policy(sources, ancestors))
        .unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"))
}

/// The headers that depend on the configuration, made once.
#[derive(Clone, Debug)]
pub struct SafeHeaders {
    policy: HeaderValue,
    /// Where a form may lead to a page people pay on.
    checkout_policy: HeaderValue,
    /// Where a form may lead to a pasted link.
    link_policy: HeaderValue,
    /// Where a form of a framed page may lead to.
    frame_sources: Vec<String>,
    secure: bool,
}

impl SafeHeaders {
    /// As the configuration asks for them.
    #[must_use]
    pub fn of(app: &App) -> Self {
        let policy = |sources: &[String]| header_of(sources, "'none'");
        let platforms = &app.config.platforms;
        Self {
            policy: policy(&platforms.meeting_sources()),
            checkout_policy: policy(&[app.config.payments.checkout_source()]),
            link_policy: policy(&platforms.link_sources()),
            frame_sources: platforms.meeting_sources(),
            secure: app.config.server.secure_cookies(),
        }
    }
}

/// Puts the safe headers on every answer.
pub async fn secure_headers(State(safe): State<SafeHeaders>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let join = response.extensions().get::<JoinHeaders>().is_some();
    let link = response.extensions().get::<PastedLinkHeaders>().is_some();
    let frame = response.extensions().get::<FrameHeaders>().cloned();
    let checkout = response.extensions().get::<CheckoutHeaders>().is_some();
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, if join { "no-referrer" } else { "same-origin" });
    // It knows no origins, and would be obeyed by old browsers.
    if frame.is_none() {
        set(header::X_FRAME_OPTIONS, "DENY");
    }
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()");
    if safe.secure {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    if join {
        set(HeaderName::from_static("x-robots-tag"), "noindex");
    }
    set(header::CACHE_CONTROL, "no-store");
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(if let Some(FrameHeaders(ancestors)) = frame {
        header_of(&safe.frame_sources, &ancestors)
    } else if link {
        safe.link_policy
    } else if checkout {
        safe.checkout_policy
    } else {
        safe.policy
    });
    response
}
