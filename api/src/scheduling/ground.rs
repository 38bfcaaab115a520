//! What the form stands on: whose class it is, what each platform can do for that host, and what the organization decided.

use lectern_core::{
    ids::{ClassId, PersonId},
    locks::Locks,
    organization::Policies,
    provider::{Capabilities, ProviderName},
    settings::ClassSettings,
};
use lectern_web::FieldError;
use uuid::Uuid;

use super::form::ScheduleForm;
use crate::{
    app::App,
    classes::{
        Class,
        choosing::{self, PlatformChoiceView},
        service, settings,
    },
    error::ApiError,
    extract::SignedIn,
    organizations,
    pages::field_errors,
    platforms,
};

/// What the form stands on.
#[derive(Debug)]
pub(super) struct Ground {
    /// The chosen class; none: a new one.
    pub(super) class: Option<Class>,
    /// Who teaches it.
    pub(super) instructor: PersonId,
    /// Where it is held.
    pub(super) provider: ProviderName,
    /// Where it could be.
    pub(super) platforms: Vec<PlatformChoiceView>,
    pub(super) default_provider: ProviderName,
    /// What the platform can do for this host.
    pub(super) can: Capabilities,
    pub(super) locks: Locks,
    /// Who set them.
    pub(super) set_by: Option<String>,
    /// The options as the form shows them before anybody touches one.
    pub(super) shown: ClassSettings,
    /// What the class wishes, or begins with.
    pub(super) wishes: ClassSettings,
    pub(super) policies: Policies,
    pub(super) time_zone: String,
    /// What of it was chosen wrong.
    pub(super) errors: Vec<FieldError>,
}

impl Ground {
    /// What this form stands on.
    ///
    /// # Errors
    /// [`ApiError::NotFound`] for a class that is not this person's.
    pub(super) async fn of(app: &App, who: &SignedIn, form: &ScheduleForm) -> Result<Self, ApiError> {
        let mut errors = Vec::new();
        let mut tx = app.db.read(who.organization).await?;
        let class = match form.class() {
            None => None,
            Some(id) => {
                let id = id.map_err(|_| ApiError::NotFound)?;
                Some(service::own_active(&mut tx, who, ClassId(id)).await?)
            }
        };
        let settings = organizations::service::settings_in(&mut tx, who.organization).await?;
        let locks = class.as_ref().map_or_else(|| settings.locks.clone(), |class| class.locks.clone());
        let set_by = settings::locked_by(&mut tx, who.organization, &locks).await?;
        drop(tx);
        let asked = match (&class, form.instructor()) {
            (Some(class), _) => Some(class.instructor.uuid()),
            (None, Some(Ok(id))) => Some(id),
            (None, Some(Err(_))) => {
                errors.push(FieldError::new("instructor_id", "choose"));
                None
            }
            (None, None) => None,
        };
        let (instructor, platforms) = match choosing::platforms(app, who, asked).await {
            Ok(found) => found,
            // Somebody who cannot teach is told so beside the field; the platforms are then those of whoever fills the form in.
            Err(ApiError::Invalid(wrong)) => {
                if class.is_none() {
                    errors.extend(field_errors(&wrong));
                }
                choosing::platforms(app, who, None).await?
            }
            Err(other) => return Err(other),
        };
        let instructor = match (&class, instructor) {
            (Some(class), _) => class.instructor,
            (None, Some(instructor)) => instructor,
            (None, None) => who.person()?,
        };
        let default_provider = settings.default_provider;
        let provider = match &class {
            Some(class) => class.provider,
            None => chosen(form, &platforms, default_provider, &settings.policies, &mut errors),
        };
        let can = match platforms.iter().find(|platform| platform.provider == provider) {
            Some(platform) => platform.capabilities.clone(),
            None => platforms::service::capabilities(app, who.organization, provider, instructor).await?,
        };
        let wishes = class.as_ref().map_or_else(|| locks.begin(), |class| class.wishes.clone());
        Ok(Self {
            instructor,
            provider,
            platforms,
            default_provider,
            shown: can.fit(&locks.over(&wishes)),
            wishes,
            can,
            locks,
            set_by,
            policies: settings.policies,
            time_zone: settings.time_zone,
            class,
            errors,
        })
    }

    /// A class that may be named in statements before it is there.
    pub(super) fn class_id(&self) -> ClassId {
        self.class.as_ref().map_or(ClassId(Uuid::nil()), |class| class.id)
    }
}

/// The platform that was chosen for a new class.
fn chosen(
    form: &ScheduleForm,
    platforms: &[PlatformChoiceView],
    default: ProviderName,
    policies: &Policies,
    errors: &mut Vec<FieldError>,
) -> ProviderName {
    let Some(word) = form.platform() else { return default };
    let Some(found) = platforms.iter().find(|platform| platform.provider.as_str() == word) else {
        errors.push(FieldError::new("provider", "choose"));
        return default;
    };
    if let Err(ApiError::Invalid(wrong)) =
        organizations::service::check_aliases(policies, found.provider, "provider")
    {
        errors.extend(field_errors(&wrong));
    }
    found.provider
}
