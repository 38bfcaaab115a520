//! The simulated platforms, driven alike: what happens there is what people do in their own clients.

use std::{collections::BTreeMap, io, sync::Arc};

use lectern_core::{clock::ShiftedClock, provider::ProviderName};
use lectern_providers::{meet, teams, zoom};
use lectern_simulators::{
    meet::{self as google, MeetOptions, MeetSimulator},
    stripe::{StripeOptions, StripeSimulator},
    teams::{self as microsoft, TeamsOptions, TeamsSimulator},
    zoom::{self as zoom_simulator, ZoomOptions, ZoomSimulator},
};
use serde_json::{Value, json};
use url::Url;

use super::{
    cast::Pupil,
    hands::{Slip, slip},
};
use crate::config::{PlatformHosts, PlatformsConfig};

/// Oakwood's tenant in Microsoft's directory.
const TENANT: &str = "0a4c1d2e-5b6f-4a7c-8d9e-0f1a2b3c4d5e";

/// One of the simulated platforms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Platform {
    Zoom,
    Teams,
    Meet,
}

impl Platform {
    /// All.
    pub(super) const ALL: [Self; 3] = [Self::Zoom, Self::Teams, Self::Meet];

    /// Its name in addresses and to people.
    pub(super) const fn name(self) -> ProviderName {
        match self {
            Self::Zoom => zoom::NAME,
            Self::Teams => teams::NAME,
            Self::Meet => meet::NAME,
        }
    }
}

/// Somebody's stay in a meeting.
#[derive(Clone, Copy, Debug)]
pub(super) enum Visit {
    Zoom(zoom_simulator::Visit),
    Teams(microsoft::Visit),
    Meet(google::Visit),
}

/// All simulated platforms, on one clock.
#[derive(Debug)]
pub(super) struct Platforms {
    /// Zoom.
    pub(super) zoom: ZoomSimulator,
    teams: TeamsSimulator,
    meet: MeetSimulator,
    /// Where people pay.
    pub(super) stripe: StripeSimulator,
}

impl Platforms {
    /// Starts them on this port and the three after it, or on free ones when it is 0.
    pub(super) async fn start(clock: &ShiftedClock, first_port: u16) -> io::Result<Self> {
        let at = |number: u16| {
            let port = if first_port == 0 { Some(0) } else { first_port.checked_add(number) };
            let refused = || {
                io::Error::new(
                    io::ErrorKind::InvalidInput,
                    format!(
                        "--simulators-port {first_port}: the platforms need this port and the three after it"
                    ),
                )
            };
            port.map(super::loopback).ok_or_else(refused)
        };
        let told = || Arc::new(clock.clone());
        let mut options = ZoomOptions::new(told(), 2026);
        (options.bind, options.shifted) = (at(0)?, Some(clock.clone()));
        (options.control, options.live) = (true, true);
        let zoom = ZoomSimulator::start(options).await?;
        let mut options = TeamsOptions::new(told(), 2027);
        (options.bind, options.shifted) = (at(1)?, Some(clock.clone()));
        (options.control, options.live) = (true, true);
        let teams = TeamsSimulator::start(options).await?;
        let mut options = MeetOptions::new(told(), 2028);
        (options.bind, options.shifted) = (at(2)?, Some(clock.clone()));
        (options.control, options.live) = (true, true);
        let meet = MeetSimulator::start(options).await?;
        let mut options = StripeOptions::new(told(), 2029);
        (options.bind, options.shifted) = (at(3)?, Some(clock.clone()));
        (options.control, options.live) = (true, true);
        let stripe = StripeSimulator::start(options).await?;
        Ok(Self { zoom, teams, meet, stripe })
    }

    /// Where each is: its key in the machine's line, its words for people, its address. Control routes are below each.
    pub(super) fn addresses(&self) -> [(&'static str, &'static str, String); 4] {
        [
            ("zoom", "Zoom", self.zoom.base_url()),
            ("graph", "Microsoft (Teams)", self.teams.base_url()),
            ("google", "Google (Meet)", self.meet.base_url()),
            ("stripe", "Stripe", self.stripe.base_url()),
        ]
    }

    /// These addresses as the operator's list.
    pub(super) fn config(&self) -> Result<PlatformsConfig, url::ParseError> {
        let hosts = |base: &str, api: &str, oauth: &str, others| {
            let at: Url = base.parse()?;
            let meeting_hosts = vec![at.authority().to_owned()];
            Ok::<_, url::ParseError>(vec![PlatformHosts {
                api: api.parse()?,
                oauth: oauth.parse()?,
                others,
                meeting_hosts,
            }])
        };
        let others = self.meet.other_urls().into_iter().map(|(name, url)| Ok((name, url.parse()?)));
        let others = others.collect::<Result<BTreeMap<String, Url>, url::ParseError>>()?;
        let (at_zoom, at_teams, at_meet) =
            (self.zoom.base_url(), self.teams.base_url(), self.meet.base_url());
        Ok(PlatformsConfig::simulated([
            (
                zoom::NAME,
                hosts(&at_zoom, &self.zoom.api_url(), &format!("{at_zoom}/oauth"), BTreeMap::new())?,
            ),
            (teams::NAME, hosts(&at_teams, &self.teams.api_url(), &at_teams, BTreeMap::new())?),
            (meet::NAME, hosts(&at_meet, &self.meet.api_url(), &self.meet.oauth_url(), others)?),
        ]))
    }

    /// Delivers what the platforms have to tell; returns the number of attempts.
    pub(super) async fn tell(&self) -> usize {
        self.zoom.flush_webhooks().await
            + self.teams.flush_notifications().await
            + self.meet.flush_pushes().await
            + self.stripe.flush_webhooks().await
    }

    /// Registers an organization's app at a platform; gives the settings to save.
    pub(super) fn add_app(&self, on: Platform, organization: &str, url: &str) -> Value {
        let (client_id, client_secret) =
            (format!("{organization}-app"), format!("{organization}-client-secret"));
        let redirect_uris = vec![format!("{url}/oauth/{}/callback", on.name())];
        let name = "Lectern".to_owned();
        let api = match on {
            Platform::Zoom => {
                let scopes = zoom::oauth::SCOPES.iter().map(|scope| scope.granular.to_owned()).collect();
                self.zoom.add_app(zoom_simulator::AppSpec {
                    client_id: client_id.clone(),
                    client_secret: client_secret.clone(),
                    name,
                    mode: zoom_simulator::AppMode::User,
                    account_id: None,
                    redirect_uris,
                    scopes,
                    endpoints: Vec::new(),
                });
                self.zoom.api_url()
            }
            Platform::Teams => {
                let scopes = teams::oauth::SCOPES.iter().map(|scope| scope.name.to_owned()).collect();
                self.teams.add_app(microsoft::AppSpec {
                    client_id: client_id.clone(),
                    client_secret: client_secret.clone(),
                    name,
                    redirect_uris,
                    scopes,
                    roles: Vec::new(),
                });
                self.teams.consent(TENANT, &client_id);
                self.teams.api_url()
            }
            Platform::Meet => {
                self.meet.add_app(google::AppSpec {
                    client_id: client_id.clone(),
                    client_secret: client_secret.clone(),
                    name,
                    project: organization.to_owned(),
                    redirect_uris,
                    testing: false,
                    internal: None,
                    blocked_scopes: Vec::new(),
                });
                self.meet.api_url()
            }
        };
        json!({"client_id": client_id, "client_secret": client_secret, "base_url": api})
    }

    /// A teacher's account at a platform, which whoever has not connected it yet may connect.
    pub(super) fn add_teacher(&self, on: Platform, organization: &str, email: &str, name: &str) {
        match on {
            Platform::Zoom => {
                let (first, last) = name.split_once(' ').unwrap_or((name, ""));
                self.zoom.add_host(zoom_simulator::HostSpec {
                    email: email.to_owned(),
                    first_name: first.to_owned(),
                    last_name: last.to_owned(),
                    plan: zoom_simulator::HostPlan::Licensed,
                    account_id: format!("{organization}-account"),
                    account_plan: zoom_simulator::AccountPlan::Pro,
                    time_zone: "UTC".to_owned(),
                });
            }
            Platform::Teams | Platform::Meet => self.add_student(on, email, name),
        }
    }

    /// A student's account at a platform. Zoom needs none.
    pub(super) fn add_student(&self, on: Platform, email: &str, name: &str) {
        match on {
            Platform::Zoom => {}
            Platform::Teams => {
                self.teams.add_user(microsoft::UserSpec {
                    email: email.to_owned(),
                    name: name.to_owned(),
                    tenant: TENANT.to_owned(),
                    licensed: true,
                });
            }
            Platform::Meet => {
                self.meet.add_account(google::AccountSpec::new(email, name));
            }
        }
    }

    /// A person allows the app on the platform's page: takes its address, gives the way back.
    pub(super) fn allow(&self, on: Platform, authorize_url: &str, email: &str) -> Option<String> {
        match on {
            Platform::Zoom => self.zoom.allow(authorize_url, email),
            Platform::Teams => self.teams.accept(authorize_url, email),
            Platform::Meet => self.meet.allow(authorize_url, email, &[]),
        }
    }

    /// The teacher opens the host's address.
    pub(super) fn teacher_joins(&self, on: Platform, launch: &str, email: &str) -> Result<(), Slip> {
        match on {
            Platform::Zoom => {
                let url = Url::parse(launch).map_err(slip)?;
                let number = url.path_segments().into_iter().flatten().find_map(|part| part.parse().ok());
                let number = number
                    .ok_or_else(|| Slip(format!("the host's address {} names no meeting", url.path())))?;
                self.zoom.host_joins(number).map(drop).map_err(slip)
            }
            Platform::Teams => self.teams.organizer_joins(launch).map(drop).map_err(slip),
            Platform::Meet => {
                self.meet.joins(launch, google::Visitor::account(email)).map(drop).map_err(slip)
            }
        }
    }

    /// Somebody opens where Lectern sent them, and is admitted where somebody has to be. None: they are refused.
    pub(super) fn joins(&self, on: Platform, onward: &str, who: &Pupil) -> Option<Visit> {
        // Without a waiting room there is nobody to admit.
        match on {
            Platform::Zoom => {
                let visit = self.zoom.joins(onward).ok()?;
                self.zoom.admit(visit).ok();
                Some(Visit::Zoom(visit))
            }
            Platform::Teams => {
                let (identity, name) = if who.guest {
                    (microsoft::Identity::Anonymous, &who.name)
                } else {
                    (microsoft::Identity::Entra, &who.email)
                };
                let visit = self.teams.joins(onward, identity, name).ok()?;
                self.teams.admit(visit).ok();
                Some(Visit::Teams(visit))
            }
            Platform::Meet => {
                let visitor = if who.guest {
                    google::Visitor::anonymous(&who.name)
                } else {
                    google::Visitor::account(&who.email)
                };
                let visit = self.meet.joins(onward, visitor).ok()?;
                self.meet.admit(visit).ok();
                Some(Visit::Meet(visit))
            }
        }
    }

    /// Somebody leaves, unless the meeting is over.
    pub(super) fn leaves(&self, visit: Visit) {
        match visit {
            Visit::Zoom(visit) => self.zoom.leaves(visit).ok(),
            Visit::Teams(visit) => self.teams.leaves(visit).ok(),
            Visit::Meet(visit) => self.meet.leaves(visit).ok(),
        };
    }

    /// Where the platform cannot end a meeting for everyone, the teacher does, as the page says.
    pub(super) fn teacher_ends(&self, on: Platform, launch: &str) {
        if on == Platform::Teams {
            self.teams.end_for_all(launch);
        }
    }
}
