//! The free slots of a week, as somebody sees them on their own clock.

use chrono::{DateTime, Days, Duration, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;
use lectern_core::{booking::money, ids::OrganizationId};
use lectern_web::pages::booking_page::{SlotAbout, SlotChoice, SlotDay, SlotSheet};

use crate::{
    app::App,
    booking_pages::{
        BookingPage,
        openings::{self, But},
    },
    db::Tx,
    error::ApiError,
    live::feed::instant,
    organizations::Organization,
    people,
    sessions::pages::zones,
};

/// Days on one sheet.
const DAYS: u64 = 7;
/// How far one look for the first free slot reaches.
const STEP: Duration = Duration::days(31);

/// In whose zone, and from which day on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Look {
    pub(crate) zone: Option<String>,
    pub(crate) from: Option<NaiveDate>,
}

impl Look {
    /// The zone that was chosen; one that is none counts as not chosen.
    pub(crate) fn chosen_zone(&self) -> Option<Tz> {
        self.zone.as_deref().and_then(|zone| zone.parse().ok())
    }
}

/// What stands on every page about a slot.
pub(crate) async fn about(
    tx: &mut Tx,
    tenant: &Organization,
    page: &BookingPage,
    (minutes, price): (i64, (i64, &str)),
    zone: Tz,
) -> Result<SlotAbout, ApiError> {
    let host = people::service::find(tx, tenant.id, page.instructor).await?;
    Ok(SlotAbout {
        title: page.title.clone(),
        description: Some(page.description.clone()).filter(|text| !text.is_empty()),
        host: host.map(|host| host.name()).unwrap_or_default(),
        organization: tenant.name.clone(),
        price: (price.0 > 0).then(|| money(price.0, price.1)),
        minutes: u32::try_from(minutes).unwrap_or(0),
        zone: zone.name().to_owned(),
        host_zone: Some(page.zone.clone()).filter(|host| host != zone.name()),
    })
}

/// A week of free slots from a day on; from the first free one when no day is named.
pub(crate) async fn sheet(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    (page, minutes): (&BookingPage, i64),
    but: But,
    (zone, look, here): (Tz, &Look, &str),
) -> Result<SlotSheet, ApiError> {
    let now = app.clock.now();
    let horizon = now + Duration::days(page.ahead_days);
    let day_of = |at: DateTime<Utc>| app.zones.local_of(zone, at).date();
    let start_of = |day: NaiveDate| app.zones.instant_of(zone, day.and_time(NaiveTime::MIN));
    let (today, last) = (day_of(now), day_of(horizon));
    let first = match look.from {
        Some(from) => from.clamp(today, last),
        None => first_free(app, tx, organization, (page, minutes), but).await?.map_or(today, day_of),
    };
    let end = first + Days::new(DAYS);
    let reach = (start_of(first), start_of(end));
    let free = openings::free(app, tx, organization, (page, minutes), reach, but).await?;
    let mut days: Vec<(NaiveDate, SlotDay)> = Vec::new();
    for at in free {
        let choice = SlotChoice { starts_at: instant(at) };
        match days.last_mut() {
            Some((day, known)) if *day == day_of(at) => known.slots.push(choice),
            _ => days.push((day_of(at), SlotDay { slots: vec![choice] })),
        }
    }
    let url = |from: NaiveDate| {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("zone", zone.name())
            .append_pair("from", &from.to_string())
            .finish();
        format!("{here}?{query}")
    };
    Ok(SlotSheet {
        days: days.into_iter().map(|(_, day)| day).collect(),
        first: instant(reach.0),
        last: instant(reach.1 - Duration::seconds(1)),
        earlier_url: (first > today).then(|| url((first - Days::new(DAYS)).max(today))),
        later_url: (end <= last).then(|| url(end)),
        chosen: String::new(),
        here: here.to_owned(),
        guess: look.chosen_zone().is_none(),
        zones: zones(),
    })
}

async fn first_free(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    asked: (&BookingPage, i64),
    but: But,
) -> Result<Option<DateTime<Utc>>, ApiError> {
    let now = app.clock.now();
    let horizon = now + Duration::days(asked.0.ahead_days);
    let mut from = now;
    while from < horizon {
        let free = openings::free(app, tx, organization, asked, (from, from + STEP), but).await?;
        if let Some(first) = free.first() {
            return Ok(Some(*first));
        }
        from += STEP;
    }
    Ok(None)
}
