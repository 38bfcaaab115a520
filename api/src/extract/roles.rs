use std::ops::Deref;

use axum::{extract::FromRequestParts, http::request::Parts};
use lectern_core::role::Role;

use super::SignedIn;
use crate::{
    app::{App, OPERATOR},
    error::ApiError,
};

macro_rules! role {
    ($(#[$doc:meta])* $name:ident, |$who:ident| $allowed:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name(pub SignedIn);

        impl Deref for $name {
            type Target = SignedIn;

            fn deref(&self) -> &SignedIn {
                &self.0
            }
        }

        impl FromRequestParts<App> for $name {
            type Rejection = ApiError;

            async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
                let $who = <SignedIn as FromRequestParts<App>>::from_request_parts(parts, app).await?;
                if $allowed { Ok(Self($who)) } else { Err(ApiError::Forbidden) }
            }
        }
    };
}

role! {
    /// An instructor or an admin of an organization: may teach.
    Instructor, |who| who.organization != OPERATOR && matches!(who.role, Role::Instructor | Role::Admin)
}
role! {
    /// An admin of an organization.
    Admin, |who| who.organization != OPERATOR && matches!(who.role, Role::Admin)
}
role! {
    /// An owner of an organization.
    Owner, |who| who.organization != OPERATOR && matches!(who.role, Role::Admin) && who.owner
}
role! {
    /// Somebody of an organization, whatever their role.
    Member, |who| who.organization != OPERATOR
}
role! {
    /// An admin of an organization, or whoever runs the server.
    AnyAdmin, |who| matches!(who.role, Role::Admin)
}
role! {
    /// Whoever runs the server.
    SuperAdmin, |who| who.is_super_admin()
}
