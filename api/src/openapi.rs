//! The interface's description, made from the routes themselves.

use axum::{Json, Router, http::header, response::IntoResponse, routing::get};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        ObjectBuilder, RefOr, Required, SecurityRequirement, Type,
        path::{ParameterBuilder, ParameterIn},
        security::{Http, HttpAuthScheme, SecurityScheme},
    },
};

use crate::app::App;

mod examples;

#[derive(OpenApi)]
#[openapi(
    info(title = "Lectern", description = "Virtual classrooms on the platforms you already have. Times are RFC 3339 in UTC with the IANA zone beside them; every refusal is a problem document (RFC 9457) with `code`, `detail` and `next_step`; every list is `{items, next_cursor}`.", license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")),
    modifiers(&Bearer)
)]
struct Base;

#[derive(Debug)]
struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let mut bearer = Http::new(HttpAuthScheme::Bearer);
        bearer.description = Some(
            "A key that an admin made on the page `/api-keys`, the token of a sign-in, or a host application's JWT.".to_owned(),
        );
        let bearer = SecurityScheme::Http(bearer);
        document.components.get_or_insert_default().add_security_scheme("bearer", bearer);
        document.security = Some(vec![SecurityRequirement::new::<_, [&str; 0], &str>("bearer", [])]);
    }
}

/// The document before the routes are in it.
#[must_use]
pub fn base() -> utoipa::openapi::OpenApi {
    Base::openapi()
}

/// The whole document.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    complete(crate::routes::api().split_for_parts().1)
}

/// With what holds for every creating route, the refusals of every route, and examples.
#[must_use]
pub fn complete(mut document: utoipa::openapi::OpenApi) -> utoipa::openapi::OpenApi {
    let key = ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "The same key with the same body within 24 hours is done once and answered as the first time, with \
             `Idempotency-Replayed: true`; another body gets 422, one that is still at work 409.",
        ))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).max_length(Some(200))))
        .build();
    for (path, item) in &mut document.paths.paths {
        if let Some(post) =
            item.post.as_mut().filter(|_| path.starts_with("/api/v1/") && !path.contains("/auth/"))
        {
            post.parameters.get_or_insert_default().push(RefOr::T(key.clone()));
        }
        let operations = [
            ("get", &mut item.get),
            ("post", &mut item.post),
            ("put", &mut item.put),
            ("patch", &mut item.patch),
            ("delete", &mut item.delete),
        ];
        for (method, operation) in operations {
            if let Some(operation) = operation {
                examples::complete(method, path, operation);
            }
        }
    }
    crate::webhooks_out::described::describe(&mut document);
    document
}

/// Method and path of the description and of its page, for the test that checks each role on each.
pub const DOCUMENTS: &[(&str, &str)] = &[("get", "/api/openapi.json"), ("get", "/api/docs")];

/// [`DOCUMENTS`]; the page loads nothing from elsewhere.
pub fn documents(document: utoipa::openapi::OpenApi) -> Router<App> {
    let json = Json(document);
    let ui = utoipa_swagger_ui::SwaggerUi::new("/api/docs")
        .config(utoipa_swagger_ui::Config::from("/api/openapi.json"));
    Router::new().route("/api/openapi.json", get(move || async move { json.clone() })).merge(Router::<App>::from(ui).layer(axum::middleware::map_response(
        |mut response: axum::response::Response| async move {
            // The page of the documents has inline style and script of its own.
            let policy = "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'";
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, axum::http::HeaderValue::from_static(policy));
            response.into_response()
        },
    )))
}
