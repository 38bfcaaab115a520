//! From hours to free slots.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use chrono_tz::Tz;

use super::hours::{Availability, Hours};
use crate::schedule::{Holidays, Zones};

/// On what terms somebody can be booked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Openings {
    /// Whose clock the hours are on.
    pub zone: Tz,
    /// The hours.
    pub availability: Availability,
    /// How long a slot is.
    pub length: Duration,
    /// Slots begin at the begin of the hours, and then every so often.
    pub every: Duration,
    /// Free before each slot.
    pub before: Duration,
    /// Free behind each slot.
    pub after: Duration,
    /// Not later than so long before.
    pub notice: Duration,
    /// Not further ahead.
    pub ahead: Duration,
    /// So many a day, on the clock of `zone`; none: as many as there is room for.
    pub daily_limit: Option<u32>,
}

/// Something that takes time, or counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Its begin.
    pub starts_at: DateTime<Utc>,
    /// Its end; a slot may begin with it.
    pub ends_at: DateTime<Utc>,
    /// Free before it.
    pub before: Duration,
    /// Free behind it.
    pub after: Duration,
    /// It stands in the way; not so when it was over early.
    pub blocks: bool,
    /// It is one of the day's bookings.
    pub counts: bool,
}

impl Taken {
    /// Whether it leaves no room for a slot, with what both want free around them. Between two the longer of both wishes counts.
    fn is_in_the_way(&self, starts_at: DateTime<Utc>, openings: &Openings) -> bool {
        let ends_at = starts_at + openings.length;
        let gap_before = self.after.max(openings.before);
        let gap_after = self.before.max(openings.after);
        self.blocks && self.starts_at < ends_at + gap_after && starts_at - gap_before < self.ends_at
    }
}

impl Openings {
    /// The free slots that begin from one instant until before another, in order.
    #[must_use]
    pub fn free(
        &self,
        zones: &dyn Zones,
        holidays: &Holidays,
        taken: &[Taken],
        now: DateTime<Utc>,
        (from, until): (DateTime<Utc>, DateTime<Utc>),
    ) -> Vec<DateTime<Utc>> {
        let from = from.max(now + self.notice);
        let until = until.min(now + self.ahead);
        let mut slots = Vec::new();
        if self.length <= Duration::zero() || self.every <= Duration::zero() || from >= until {
            return slots;
        }
        let last = zones.local_of(self.zone, until).date();
        let days = zones.local_of(self.zone, from).date().iter_days().take_while(|day| *day <= last);
        for day in days.filter(|day| !holidays.contains_key(day)) {
            if self.is_full(zones, taken, day) {
                continue;
            }
            for hours in self.availability.on(day) {
                self.of_hours(zones, day, *hours, &mut slots);
            }
        }
        slots.retain(|at| *at >= from && *at < until && self.has_room(taken, *at));
        slots.sort();
        slots.dedup();
        slots
    }

    /// Whether nothing stands in the way of a slot, whatever the hours say.
    #[must_use]
    pub fn has_room(&self, taken: &[Taken], starts_at: DateTime<Utc>) -> bool {
        !taken.iter().any(|one| one.is_in_the_way(starts_at, self))
    }

    fn is_full(&self, zones: &dyn Zones, taken: &[Taken], day: NaiveDate) -> bool {
        let Some(limit) = self.daily_limit else { return false };
        let of_day = |one: &&Taken| one.counts && zones.local_of(self.zone, one.starts_at).date() == day;
        taken.iter().filter(of_day).count() >= limit as usize
    }

    fn of_hours(&self, zones: &dyn Zones, day: NaiveDate, hours: Hours, slots: &mut Vec<DateTime<Utc>>) {
        let (mut local, end) = (hours.from.on(day), hours.to.on(day));
        let ends_at = zones.instant_of(self.zone, end);
        while local < end {
            let starts_at = zones.instant_of(self.zone, local);
            if starts_at + self.length <= ends_at && !zones.is_gap(self.zone, local) {
                slots.push(starts_at);
            }
            local += self.every;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::schedule::IanaZones;

    const ZONES: [Tz; 4] =
        [Tz::Australia__Lord_Howe, Tz::Asia__Dhaka, Tz::America__New_York, Tz::Europe__London];

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn openings(zone: Tz, hours: &str) -> Openings {
        let hours = Hours::read(hours).unwrap();
        Openings {
            zone,
            availability: Availability {
                weekly: std::array::from_fn(|_| hours.clone()),
                ..Availability::default()
            },
            length: Duration::minutes(30),
            every: Duration::minutes(30),
            before: Duration::zero(),
            after: Duration::zero(),
            notice: Duration::zero(),
            ahead: Duration::days(60),
            daily_limit: None,
        }
    }

    fn busy(from: &str, to: &str) -> Taken {
        let zero = Duration::zero();
        Taken {
            starts_at: utc(from),
            ends_at: utc(to),
            before: zero,
            after: zero,
            blocks: true,
            counts: false,
        }
    }

    fn on(openings: &Openings, taken: &[Taken], now: &str, day: &str) -> Vec<String> {
        let from = utc(&format!("{day}T00:00:00Z"));
        let reach = (from, from + Duration::days(1));
        let free = openings.free(&IanaZones, &Holidays::new(), taken, utc(now), reach);
        free.iter().map(|at| at.format("%H:%M").to_string()).collect()
    }

    #[test]
    fn what_is_taken_takes_its_buffers_along() {
        let mut desk = openings(Tz::Asia__Dhaka, "15:00-18:00");
        let now = "2026-11-23T00:00:00Z";
        let class = busy("2026-11-24T10:00:00Z", "2026-11-24T10:30:00Z");
        let all = ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30"];
        assert_eq!(on(&desk, &[], now, "2026-11-24"), all);
        assert_eq!(on(&desk, &[class], now, "2026-11-24"), ["09:00", "09:30", "10:30", "11:00", "11:30"]);
        desk.before = Duration::minutes(10);
        assert_eq!(on(&desk, &[class], now, "2026-11-24"), ["09:00", "09:30", "11:00", "11:30"]);
        desk.after = Duration::minutes(5);
        assert_eq!(on(&desk, &[class], now, "2026-11-24"), ["09:00", "11:00", "11:30"]);
        let over = Taken { blocks: false, ..class };
        assert_eq!(on(&desk, &[over], now, "2026-11-24"), all);
        let calm = Taken { after: Duration::minutes(45), ..class };
        assert_eq!(on(&desk, &[calm], now, "2026-11-24"), ["09:00", "11:30"], "the longer wish counts");
    }

    #[test]
    fn notice_reach_limit_and_days_off() {
        let mut desk = openings(Tz::Asia__Dhaka, "15:00-18:00");
        desk.notice = Duration::hours(24);
        assert_eq!(on(&desk, &[], "2026-11-23T10:45:00Z", "2026-11-24"), ["11:00", "11:30"]);
        desk.ahead = Duration::days(2);
        assert_eq!(on(&desk, &[], "2026-11-22T10:00:00Z", "2026-11-24"), ["09:00", "09:30"]);
        desk.daily_limit = Some(1);
        let counted = Taken { counts: true, ..busy("2026-11-24T11:00:00Z", "2026-11-24T11:30:00Z") };
        assert!(on(&desk, &[counted], "2026-11-22T10:00:00Z", "2026-11-24").is_empty());
        let holidays = Holidays::from([("2026-11-24".parse().unwrap(), "Day off".to_owned())]);
        let reach = (utc("2026-11-24T00:00:00Z"), utc("2026-11-25T00:00:00Z"));
        assert!(desk.free(&IanaZones, &holidays, &[], utc("2026-11-23T00:00:00Z"), reach).is_empty());
    }

    #[test]
    fn the_clocks_skip_slots_and_show_them_twice() {
        let night = openings(Tz::Europe__London, "00:30-03:00");
        // 01:00 to 02:00 is not there on 28 March 2027.
        let now = "2027-03-20T00:00:00Z";
        assert_eq!(on(&night, &[], now, "2027-03-28"), ["00:30", "01:00", "01:30", "23:30"]);
        // On 31 October 2027 01:00 comes twice: the first is meant, and the hours are an hour longer.
        let now = "2027-10-20T00:00:00Z";
        assert_eq!(on(&night, &[], now, "2027-10-31"), ["00:00", "00:30", "02:00", "02:30"]);
        // The last is half past midnight of the 31st, in summer time.
        assert_eq!(on(&night, &[], now, "2027-10-30"), ["00:00", "00:30", "01:00", "01:30", "23:30"]);
    }

    fn a_day() -> impl Strategy<Value = Vec<Hours>> {
        prop::collection::btree_set(0_u16..=96, 0..6).prop_map(|quarters| {
            let times: Vec<String> =
                quarters.into_iter().map(|at| format!("{:02}:{:02}", at / 4, at % 4 * 15)).collect();
            let spans: Vec<_> = times.chunks_exact(2).map(|two| format!("{}-{}", two[0], two[1])).collect();
            Hours::read(&spans.join(",")).unwrap()
        })
    }

    prop_compose! {
        fn an_opening()(
            zone in prop::sample::select(ZONES.as_slice()),
            weekly in prop::collection::vec(a_day(), 7),
            length in 5_i64..120, every in 5_i64..120, before in 0_i64..60, after in 0_i64..60,
            notice in 0_i64..4000, ahead in 1_i64..40, daily_limit in prop::option::of(1_u32..4),
        ) -> Openings {
            Openings {
                zone,
                availability: Availability { weekly: weekly.try_into().unwrap(), ..Availability::default() },
                length: Duration::minutes(length), every: Duration::minutes(every),
                before: Duration::minutes(before), after: Duration::minutes(after),
                notice: Duration::minutes(notice), ahead: Duration::days(ahead), daily_limit,
            }
        }
    }

    /// Around a change of the clocks in three of the four zones.
    fn a_now() -> impl Strategy<Value = DateTime<Utc>> {
        (
            prop::sample::select(vec![
                "2027-03-10T00:00:00Z",
                "2027-10-01T00:00:00Z",
                "2027-10-25T00:00:00Z",
            ]),
            0_i64..20_000,
        )
            .prop_map(|(day, minutes)| utc(day) + Duration::minutes(minutes))
    }

    fn much(now: DateTime<Utc>, seeds: &[(i64, i64, i64, bool)]) -> Vec<Taken> {
        let one = |(at, minutes, gap, counts): &(i64, i64, i64, bool)| Taken {
            starts_at: now + Duration::minutes(*at),
            ends_at: now + Duration::minutes(at + minutes),
            before: Duration::minutes(*gap),
            after: Duration::minutes(gap / 2),
            blocks: gap % 7 != 0,
            counts: *counts,
        };
        seeds.iter().map(one).collect()
    }

    proptest! {
        #[test]
        fn slots_keep_every_promise(
            desk in an_opening(), now in a_now(),
            seeds in prop::collection::vec((0_i64..20_000, 5_i64..240, 0_i64..60, any::<bool>()), 0..20),
        ) {
            let taken = much(now, &seeds);
            let off = (now + Duration::days(3)).date_naive();
            let holidays = Holidays::from([(off, "Day off".to_owned())]);
            let reach = (now, now + Duration::days(14));
            let slots = desk.free(&IanaZones, &holidays, &taken, now, reach);
            let sorted: BTreeSet<_> = slots.iter().copied().collect();
            prop_assert_eq!(sorted.into_iter().collect::<Vec<_>>(), slots.clone(), "in order, each once");
            for at in &slots {
                let end = *at + desk.length;
                prop_assert!(*at >= now + desk.notice && *at < now + desk.ahead);
                let local = IanaZones.local_of(desk.zone, *at);
                prop_assert!(local.date() != off);
                let inside = desk.availability.on(local.date()).iter().any(|hours| {
                    let to = hours.to.on(local.date());
                    hours.from.on(local.date()) <= local && local < to && end <= IanaZones.instant_of(desk.zone, to)
                });
                prop_assert!(inside, "{} is outside of the hours", local);
                for one in taken.iter().filter(|one| one.blocks) {
                    prop_assert!(end + desk.after <= one.starts_at || one.ends_at + desk.before <= *at, "its own buffers");
                    prop_assert!(end + one.before <= one.starts_at || one.ends_at + one.after <= *at, "the other's buffers");
                }
                if let Some(limit) = desk.daily_limit {
                    let day = |at: DateTime<Utc>| IanaZones.local_of(desk.zone, at).date();
                    let counted = taken.iter().filter(|one| one.counts && day(one.starts_at) == day(*at)).count();
                    prop_assert!(counted < limit as usize);
                }
            }
        }

        /// Whoever looks week by week, from whatever midnight, sees the slots of the whole time.
        #[test]
        fn the_same_slots_whatever_the_pieces(desk in an_opening(), now in a_now(), cut in 1_i64..20_000) {
            let none = Holidays::new();
            let (middle, end) = (now + Duration::minutes(cut), now + Duration::days(14));
            let whole = desk.free(&IanaZones, &none, &[], now, (now, end));
            let mut parts = desk.free(&IanaZones, &none, &[], now, (now, middle));
            parts.extend(desk.free(&IanaZones, &none, &[], now, (middle, end)));
            prop_assert_eq!(whole, parts);
        }

        /// One that was booked is no longer free, and its day fills up.
        #[test]
        fn a_booked_slot_is_gone(desk in an_opening(), now in a_now(), pick in any::<prop::sample::Index>()) {
            let none = Holidays::new();
            let reach = (now, now + Duration::days(14));
            let before = desk.free(&IanaZones, &none, &[], now, reach);
            prop_assume!(!before.is_empty());
            let at = before[pick.index(before.len())];
            let booked = Taken {
                starts_at: at, ends_at: at + desk.length, before: desk.before, after: desk.after, blocks: true, counts: true,
            };
            let left = desk.free(&IanaZones, &none, &[booked], now, reach);
            prop_assert!(!left.contains(&at) && left.iter().all(|slot| before.contains(slot)));
        }
    }
}
