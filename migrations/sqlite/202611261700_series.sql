-- Sessions that recur: the rule is kept with the time on the class's clock; instants are computed from it.

create table series (
    id blob not null,
    organization_id blob not null references organizations (id),
    class_id blob not null,
    title text not null,
    -- The first day and the time of day on the clock of time_zone: 2026-12-01T09:00:00.
    local_start text not null,
    time_zone text not null,
    duration_minutes integer not null,
    delivery text not null,
    -- RRULE and EXDATE lines of RFC 5545, times on the clock.
    recurrence text not null,
    -- active; ended: nothing more is written out.
    state text not null,
    created_at text not null,
    updated_at text not null,
    primary key (organization_id, id),
    foreign key (organization_id, class_id) references classes (organization_id, id)
) strict;
create index series_of_class on series (organization_id, class_id);
create index series_active on series (organization_id, id) where state = 'active';

-- The time on the clock by the series' rule: which of its sessions this is, wherever it was moved to.
alter table sessions add column series_slot text;
-- The time on the clock of time_zone from which starts_at was computed; null in rows of an earlier release.
alter table sessions add column local_start text;
-- Somebody moved this one away from where its series puts it.
alter table sessions add column moved integer not null default 0;
create unique index sessions_of_series on sessions (organization_id, series_id, series_slot) where series_slot is not null;

create table holidays (
    organization_id blob not null references organizations (id),
    -- 2026-12-25: no session of a series takes place on it.
    day text not null,
    name text not null,
    created_at text not null,
    primary key (organization_id, day)
) strict;
