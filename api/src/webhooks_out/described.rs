//! What is posted, in the description of the interface.

use utoipa::{
    OpenApi,
    openapi::{
        ContentBuilder, ObjectBuilder, OpenApi as Document, Paths, Ref, Required, ResponseBuilder,
        SecurityRequirement, Type,
        path::{HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathItem},
        request_body::RequestBodyBuilder,
    },
};

use super::{
    HookKind,
    messages::{AttendanceData, ConnectionData, Message, PersonData, SessionData, TestData},
};

#[derive(OpenApi)]
#[openapi(components(schemas(
    Message<SessionData>,
    Message<PersonData>,
    Message<AttendanceData>,
    Message<ConnectionData>,
    Message<TestData>
)))]
struct Schemas;

const HEADERS: [(&str, &str); 4] = [
    (
        "webhook-id",
        "Names the event: the same at every try and replay, so that what arrives twice is seen to.",
    ),
    (
        "webhook-timestamp",
        "When this try was made, in seconds since 1970. Refuse what is more than five minutes off.",
    ),
    (
        "webhook-signature",
        "`v1,` and the HMAC-SHA256 of `{webhook-id}.{webhook-timestamp}.{body}` in base64, by the secret's bytes (base64 after \
         `whsec_`). Within 24 hours of a rotation there are two, parted by a space: one that fits is enough.",
    ),
    ("lectern-version", "The shape of `data`, which the endpoint keeps."),
];

const fn schema(kind: HookKind) -> &'static str {
    match kind {
        HookKind::SessionScheduled
        | HookKind::SessionUpdated
        | HookKind::SessionCancelled
        | HookKind::SessionStarted
        | HookKind::SessionEnded => "Message_SessionData",
        HookKind::ParticipantJoined
        | HookKind::ParticipantLeft
        | HookKind::JoinRedeemed
        | HookKind::JoinRefused => "Message_PersonData",
        HookKind::AttendanceProposed | HookKind::AttendanceVerified => "Message_AttendanceData",
        HookKind::ConnectionLost => "Message_ConnectionData",
        HookKind::EndpointTest => "Message_TestData",
    }
}

/// Adds what endpoints are told.
pub fn describe(document: &mut Document) {
    if let Some(schemas) = Schemas::openapi().components {
        document.components.get_or_insert_default().schemas.extend(schemas.schemas);
    }
    let mut told = Paths::new();
    for kind in HookKind::ALL {
        let body = ContentBuilder::new().schema(Some(Ref::from_schema_name(schema(*kind)))).build();
        let body = RequestBodyBuilder::new()
            .content("application/json", body)
            .required(Some(Required::True))
            .build();
        let answers = [
            ("2XX", "It arrived."),
            ("410", "The endpoint is gone for good: nothing more is sent to it."),
            (
                "default",
                "Tried again, ten times within three days; `Retry-After` is respected, no redirect is followed.",
            ),
        ];
        let mut operation = OperationBuilder::new()
            .operation_id(Some(kind.as_str().replace('.', "_")))
            .tag("webhooks")
            .summary(Some(kind.as_str()))
            .security(SecurityRequirement::default())
            .request_body(Some(body));
        for (status, description) in answers {
            operation = operation.response(status, ResponseBuilder::new().description(description).build());
        }
        for (name, description) in HEADERS {
            let header = ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Header)
                .required(Required::True)
                .description(Some(description))
                .schema(Some(ObjectBuilder::new().schema_type(Type::String)));
            operation = operation.parameter(header);
        }
        told.paths.insert(kind.as_str().to_owned(), PathItem::new(HttpMethod::Post, operation.build()));
    }
    document.webhooks = Some(told);
}
