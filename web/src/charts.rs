//! The geometry of the charts: time as percent of a width, so that text keeps its size and no inline style is needed.
//!
//! Templates draw what these functions return; nothing here knows words or colours.

use chrono::{DateTime, Duration, Timelike, Utc};
use serde::{Deserialize, Serialize};

use crate::time::{TimeError, instant, zone};

/// How many people were in class from this instant on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// RFC 3339.
    pub at: String,
    pub here: u32,
}

/// One stretch of presence; `to` is `None` while it lasts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interval {
    pub from: String,
    pub to: Option<String>,
}

/// A stretch of a track, in percent of its width.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bar {
    pub x: f64,
    pub width: f64,
}

/// A session on the hour line of a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// RFC 3339.
    pub from: String,
    pub to: String,
    /// Drawn in another shade.
    pub in_person: bool,
}

/// The track of one person, one session or one day.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Track {
    /// The session's own time.
    pub window: Bar,
    /// Where the session's time ends, in percent.
    pub window_end: f64,
    pub bars: Vec<Bar>,
    pub now: Option<f64>,
    /// The quarter points of the session's time, for the axis above a table.
    pub ticks: Vec<Tick>,
}

/// A labelled point of an axis.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tick {
    pub x: f64,
    /// RFC 3339, to be put into words by the template.
    pub at: String,
    /// Whether the point is the session's start or end.
    pub edge: bool,
}

/// Presence over time, drawn in a box of 1000 by 106 units that is stretched to the width.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Presence {
    pub area: String,
    pub line: String,
    pub window: Bar,
    pub window_end: f64,
    pub now: Option<f64>,
    pub ticks: Vec<Tick>,
    /// The most people at once, for the sentence that readers hear.
    pub most: u32,
    pub last: u32,
}

/// The height of [`Presence`]'s box.
const HEIGHT: f64 = 106.0;

struct Axis {
    from: DateTime<Utc>,
    span: f64,
}

impl Axis {
    fn new(from: DateTime<Utc>, to: DateTime<Utc>) -> Self {
        // Seconds of a few hours are exact in an f64; an empty span would divide by zero.
        Self { from, span: ((to - from).num_seconds().max(60)) as f64 }
    }

    /// Percent of the width, kept inside it, rounded so that markup stays short.
    fn at(&self, at: DateTime<Utc>) -> f64 {
        let part = (at - self.from).num_seconds() as f64 / self.span;
        (part.clamp(0.0, 1.0) * 1000.0).round() / 10.0
    }

    fn bar(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Bar {
        let (x, end) = (self.at(from), self.at(to));
        Bar { x, width: ((end - x).max(0.0) * 10.0).round() / 10.0 }
    }

    fn ticks(&self, starts: DateTime<Utc>, ends: DateTime<Utc>, parts: i32) -> Vec<Tick> {
        (0..=parts)
            .map(|part| {
                let at = starts + (ends - starts) * part / parts.max(1);
                Tick { x: self.at(at), at: at.to_rfc3339(), edge: part == 0 || part == parts }
            })
            .collect()
    }
}

/// One row of the attendance sheet: from 6 minutes before the session to 9 minutes after it.
///
/// Presence is drawn as it was, also outside the session's time, so that early and overtime are seen.
///
/// # Errors
/// When an instant is not one.
pub fn attendance(
    starts: &str,
    ends: &str,
    intervals: &[Interval],
    now: Option<&str>,
) -> Result<Track, TimeError> {
    let (starts, ends) = (instant(starts)?, instant(ends)?);
    let axis = Axis::new(starts - Duration::minutes(6), ends + Duration::minutes(9));
    let now = now.map(instant).transpose()?;
    let mut bars = Vec::with_capacity(intervals.len());
    for interval in intervals {
        let to = match &interval.to {
            Some(to) => instant(to)?,
            None => now.unwrap_or(ends),
        };
        bars.push(axis.bar(instant(&interval.from)?, to));
    }
    Ok(Track {
        window: axis.bar(starts, ends),
        window_end: axis.at(ends),
        bars,
        now: now.filter(|now| *now < ends).map(|now| axis.at(now)),
        ticks: axis.ticks(starts, ends, 3),
    })
}

/// The thin line of a row of the live board: a tenth of the session's length on both sides.
///
/// # Errors
/// When an instant is not one.
pub fn progress(starts: &str, ends: &str, now: &str) -> Result<Track, TimeError> {
    let (starts, ends, now) = (instant(starts)?, instant(ends)?, instant(now)?);
    let margin = (ends - starts) / 8;
    let axis = Axis::new(starts - margin, ends + margin);
    Ok(Track {
        window: axis.bar(starts, ends),
        window_end: axis.at(ends),
        bars: vec![axis.bar(starts, now.max(starts))],
        now: Some(axis.at(now)),
        ticks: Vec::new(),
    })
}

/// The line of a join page: now, when the door opens, the start and the end.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DoorLine {
    pub now: f64,
    pub opens: f64,
    pub starts: f64,
    pub ends: f64,
    /// The shaded part behind us, once the door is open.
    pub past: f64,
}

/// The hour line of a join page. The part before the start takes half of the width whatever its length, because that is
/// what the person looks at; the labels need the room.
///
/// # Errors
/// When an instant is not one.
pub fn door(now: &str, opens: &str, starts: &str, ends: &str) -> Result<DoorLine, TimeError> {
    let (now, opens, starts, ends) = (instant(now)?, instant(opens)?, instant(starts)?, instant(ends)?);
    let (open_x, start_x) = (26.0, 52.0);
    let place = |at: DateTime<Utc>| -> f64 {
        let between = |from: DateTime<Utc>, to: DateTime<Utc>, low: f64, high: f64| {
            let span = (to - from).num_seconds().max(1) as f64;
            low + ((at - from).num_seconds() as f64 / span).clamp(0.0, 1.0) * (high - low)
        };
        let x = if at < opens {
            // A quarter of an hour before opening is the left edge: who waits longer sees "now" stand there.
            between(opens - Duration::minutes(15), opens, 3.0, open_x)
        } else if at < starts {
            between(opens, starts, open_x, start_x)
        } else {
            between(starts, ends, start_x, 100.0)
        };
        (x * 10.0).round() / 10.0
    };
    let now_x = place(now);
    Ok(DoorLine { now: now_x, opens: open_x, starts: start_x, ends: 100.0, past: (now_x - open_x).max(0.0) })
}

/// A day's hour line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DayLine {
    pub bars: Vec<DayBar>,
    pub now: f64,
    pub ticks: Vec<DayTick>,
}

/// A whole hour on it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DayTick {
    pub x: f64,
    /// On the day's own clock: "8:00".
    pub clock: String,
}

/// A session on it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DayBar {
    pub x: f64,
    pub width: f64,
    pub in_person: bool,
}

/// The hour line of the day of `now` on the clock of a zone: from eight to four, and further where a session or now lies outside,
/// but never past the day itself.
///
/// # Errors
/// When an instant is not one.
pub fn day(stretches: &[Stretch], now: &str, zone_name: &str) -> Result<DayLine, TimeError> {
    let (now, zone) = (instant(now)?, zone(zone_name));
    let today = now.with_timezone(&zone).date_naive();
    let mut spans = Vec::with_capacity(stretches.len());
    for stretch in stretches {
        spans.push((instant(&stretch.from)?, instant(&stretch.to)?, stretch.in_person));
    }
    // The wall clock of an instant of today, in minutes; before and after the day its ends.
    let minute = |at: DateTime<Utc>| -> u32 {
        let local = at.with_timezone(&zone);
        match local.date_naive().cmp(&today) {
            std::cmp::Ordering::Less => 0,
            std::cmp::Ordering::Equal => local.hour() * 60 + local.minute(),
            std::cmp::Ordering::Greater => 24 * 60,
        }
    };
    let starts = spans.iter().map(|span| minute(span.0)).chain([minute(now), 8 * 60]);
    let ends = spans.iter().map(|span| minute(span.1)).chain([minute(now), 16 * 60]);
    let first = starts.min().unwrap_or_default() / 60;
    let last = ends.max().unwrap_or_default().div_ceil(60);
    // As few labels as a phone has room for.
    let step = (last - first).div_ceil(4).max(1);
    let span = (last - first).div_ceil(step) * step;
    let first = first.min(24_u32.saturating_sub(span));
    let last = first + span;
    let width = f64::from((last - first) * 60);
    let place = |minute: u32| -> f64 {
        let part = (f64::from(minute) - f64::from(first * 60)) / width;
        (part.clamp(0.0, 1.0) * 1000.0).round() / 10.0
    };
    let bars = spans.iter().map(|(from, to, in_person)| {
        let (x, end) = (place(minute(*from)), place(minute(*to)));
        // A quarter of an hour is still seen, at the line's end too.
        let x = x.min(99.2);
        DayBar { x, width: ((end - x).max(0.8) * 10.0).round() / 10.0, in_person: *in_person }
    });
    let ticks = (first..=last)
        .step_by(step as usize)
        .map(|hour| DayTick { x: place(hour * 60), clock: format!("{}:00", hour % 24) });
    Ok(DayLine { bars: bars.collect(), now: place(minute(now)), ticks: ticks.collect() })
}

/// What a column of a chart is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    pub online: u32,
    pub hybrid: u32,
    pub in_person: u32,
}

/// A column, drawn in percent of the width and in pixels from above.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ColumnBars {
    pub x: f64,
    pub width: f64,
    /// The middle, for the words below and above.
    pub middle: f64,
    /// The upper end.
    pub top: f64,
    /// From below: online, hybrid, in person; each its upper end and its height.
    pub parts: Vec<(f64, f64)>,
    pub total: u32,
}

/// The height of the highest column.
const COLUMNS: f64 = 96.0;

/// Columns side by side, the highest as high as the chart.
#[must_use]
pub fn columns(of: &[Column]) -> Vec<ColumnBars> {
    let total = |one: &Column| one.online + one.hybrid + one.in_person;
    let most = of.iter().map(total).max().unwrap_or_default().max(1);
    let room = 100.0 / of.len().max(1) as f64;
    let tenth = |number: f64| (number * 10.0).round() / 10.0;
    of.iter()
        .enumerate()
        .map(|(at, one)| {
            let mut top = COLUMNS;
            let parts = [one.online, one.hybrid, one.in_person].map(|count| {
                let height = tenth(f64::from(count) / f64::from(most) * COLUMNS);
                top = tenth(top - height);
                (top, height)
            });
            let x = at as f64 * room;
            ColumnBars {
                x: tenth(x + room * 0.2),
                width: tenth(room * 0.6),
                middle: tenth(x + room / 2.0),
                top,
                parts: parts.to_vec(),
                total: total(one),
            }
        })
        .collect()
}

/// How many people were in class, over time: from 10 minutes before the session to 5 after it.
///
/// # Errors
/// When an instant is not one.
pub fn presence(
    steps: &[Step],
    starts: &str,
    ends: &str,
    now: &str,
    roster: u32,
) -> Result<Presence, TimeError> {
    let (starts, ends, now) = (instant(starts)?, instant(ends)?, instant(now)?);
    let axis = Axis::new(starts - Duration::minutes(10), ends + Duration::minutes(5));
    let most = steps.iter().map(|step| step.here).max().unwrap_or_default();
    let full = f64::from(roster.max(most).max(1));
    let y = |here: u32| ((1.0 - f64::from(here) / full) * HEIGHT).round();
    let x = |at: DateTime<Utc>| (axis.at(at) * 10.0).round();
    let mut line = String::new();
    let mut first = None;
    for step in steps {
        let at = x(instant(&step.at)?);
        if first.is_none() {
            first = Some(at);
            line.push_str(&format!("M{at} {HEIGHT}"));
        } else {
            line.push_str(&format!("H{at}"));
        }
        line.push_str(&format!("V{}", y(step.here)));
    }
    let last = steps.last().map(|step| step.here).unwrap_or_default();
    let area = match first {
        None => String::new(),
        Some(_) => {
            line.push_str(&format!("H{}", x(now.min(ends + Duration::minutes(5)))));
            format!("{line}V{HEIGHT}Z")
        }
    };
    Ok(Presence {
        area,
        line,
        window: axis.bar(starts, ends),
        window_end: axis.at(ends),
        now: (now < ends + Duration::minutes(5)).then(|| axis.at(now)),
        ticks: axis.ticks(starts, ends, 2),
        most,
        last,
    })
}

/// A meter: percent of a whole, at most 100.
#[must_use]
pub fn share(part: u32, whole: u32) -> u32 {
    if whole == 0 { 0 } else { (u64::from(part) * 100 / u64::from(whole)).min(100) as u32 }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    const STARTS: &str = "2026-11-21T03:00:00Z";
    const ENDS: &str = "2026-11-21T03:45:00Z";

    fn interval(from: &str, to: Option<&str>) -> Interval {
        Interval { from: format!("2026-11-21T{from}Z"), to: to.map(|to| format!("2026-11-21T{to}Z")) }
    }

    #[test]
    fn the_session_stands_in_the_middle_of_the_attendance_axis() {
        let track = attendance(STARTS, ENDS, &[interval("03:11:00", Some("03:46:00"))], None).unwrap();
        // An hour from 2:54 to 3:54: the session starts at 10 % and ends at 85 %.
        assert_eq!(track.window, Bar { x: 10.0, width: 75.0 });
        assert_eq!(track.bars, [Bar { x: 28.3, width: 58.4 }]);
        assert_eq!(track.ticks.len(), 4);
    }

    #[test]
    fn presence_outside_the_axis_stays_inside_the_picture() {
        let track = attendance(STARTS, ENDS, &[interval("01:00:00", Some("06:00:00"))], None).unwrap();
        assert_eq!(track.bars, [Bar { x: 0.0, width: 100.0 }]);
    }

    #[test]
    fn somebody_still_in_class_is_drawn_until_now() {
        let track =
            attendance(STARTS, ENDS, &[interval("03:00:00", None)], Some("2026-11-21T03:15:00Z")).unwrap();
        assert_eq!(track.bars, [Bar { x: 10.0, width: 25.0 }]);
        assert_eq!(track.now, Some(35.0));
    }

    #[test]
    fn presence_is_a_stair() {
        let steps = [
            Step { at: "2026-11-21T02:55:00Z".to_owned(), here: 3 },
            Step { at: "2026-11-21T03:00:00Z".to_owned(), here: 24 },
        ];
        let chart = presence(&steps, STARTS, ENDS, "2026-11-21T03:13:00Z", 24).unwrap();
        assert_eq!(chart.line, "M83 106V93H167V0H383");
        assert!(chart.area.ends_with("V106Z"));
        assert_eq!((chart.most, chart.last), (24, 24));
        assert_eq!(presence(&[], STARTS, ENDS, STARTS, 0).unwrap().line, "");
    }

    #[test]
    fn the_door_line_runs_forward() {
        let line = door("2026-11-21T02:45:00Z", "2026-11-21T02:50:00Z", STARTS, ENDS).unwrap();
        assert!(line.now < line.opens && line.opens < line.starts && line.starts < line.ends);
        assert_eq!(door(ENDS, "2026-11-21T02:50:00Z", STARTS, ENDS).unwrap().now, 100.0);
    }

    fn stretch(from: &str, to: &str) -> Stretch {
        Stretch { from: format!("2026-11-{from}:00Z"), to: format!("2026-11-{to}:00Z"), in_person: false }
    }

    #[test]
    fn a_day_reaches_from_eight_to_four_or_as_far_as_its_classes() {
        // Nine o'clock in Dhaka is three in UTC.
        let clocks = |line: &DayLine| line.ticks.iter().map(|tick| tick.clock.clone()).collect::<Vec<_>>();
        let line = day(&[stretch("21T03:00", "21T04:00")], "2026-11-21T02:58:00Z", "Asia/Dhaka").unwrap();
        assert_eq!(clocks(&line), ["8:00", "10:00", "12:00", "14:00", "16:00"]);
        assert_eq!((line.bars[0].x, line.bars[0].width, line.now), (12.5, 12.5, 12.1));
        let late = day(&[stretch("21T14:00", "21T19:00")], "2026-11-21T03:00:00Z", "Asia/Dhaka").unwrap();
        assert_eq!(clocks(&late), ["8:00", "12:00", "16:00", "20:00", "0:00"]);
        assert_eq!(late.bars[0].x + late.bars[0].width, 100.0, "past midnight is the day's end");
        let night = day(&[], "2026-11-20T18:05:00Z", "Asia/Dhaka").unwrap();
        assert_eq!((night.now, night.ticks[0].clock.as_str()), (0.5, "0:00"));
    }

    proptest::proptest! {
        #[test]
        fn whatever_a_day_holds_stays_inside_its_line(from in 0_i64..4_000, length in 0_i64..3_000, now in 0_i64..4_000, zone in 0_usize..chrono_tz::TZ_VARIANTS.len()) {
            let at = |minute: i64| (DateTime::from_timestamp(1_795_000_000, 0).unwrap() + Duration::minutes(minute)).to_rfc3339();
            let one = Stretch { from: at(from), to: at(from + length), in_person: true };
            let line = day(&[one], &at(now), chrono_tz::TZ_VARIANTS[zone].name()).unwrap();
            proptest::prop_assert!((0.0..=100.0).contains(&line.now));
            proptest::prop_assert!(line.ticks.len() <= 6 && line.ticks.last().unwrap().x == 100.0);
            proptest::prop_assert!(line.bars.iter().all(|bar| bar.x >= 0.0 && bar.width > 0.0 && bar.x + bar.width <= 100.05));
        }
    }

    #[test]
    fn columns_stand_on_the_ground_and_reach_the_roof() {
        let [low, high] =
            [(3, 0, 1), (4, 2, 2)].map(|(online, hybrid, in_person)| Column { online, hybrid, in_person });
        let bars = columns(&[low, high]);
        assert_eq!((bars[0].x, bars[0].width, bars[0].middle, bars[0].total), (10.0, 30.0, 25.0, 4));
        assert_eq!((bars[0].top, bars[1].top), (48.0, 0.0));
        assert_eq!(bars[1].parts, [(48.0, 48.0), (24.0, 24.0), (0.0, 24.0)]);
        assert!(columns(&[]).is_empty());
    }

    #[test]
    fn a_meter_never_leaves_its_frame() {
        assert_eq!((share(18, 24), share(30, 24), share(3, 0)), (75, 100, 0));
    }
}
