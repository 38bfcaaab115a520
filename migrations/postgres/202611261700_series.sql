-- Sessions that recur: the rule is kept with the time on the class's clock; instants are computed from it.

create table series (
    id uuid not null,
    organization_id uuid not null references organizations (id),
    class_id uuid not null,
    title text not null,
    -- The first day and the time of day on the clock of time_zone: 2026-12-01T09:00:00.
    local_start text not null,
    time_zone text not null,
    duration_minutes bigint not null,
    delivery text not null,
    -- RRULE and EXDATE lines of RFC 5545, times on the clock.
    recurrence text not null,
    -- active; ended: nothing more is written out.
    state text not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (organization_id, id),
    foreign key (organization_id, class_id) references classes (organization_id, id)
);

alter table series enable row level security;
alter table series force row level security;
create policy tenant on series
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, update, delete on series to lectern_app;
create index series_of_class on series (organization_id, class_id);
create index series_active on series (organization_id, id) where state = 'active';

-- The time on the clock by the series' rule: which of its sessions this is, wherever it was moved to.
alter table sessions add column series_slot text;
-- The time on the clock of time_zone from which starts_at was computed; null in rows of an earlier release.
alter table sessions add column local_start text;
-- Somebody moved this one away from where its series puts it.
alter table sessions add column moved boolean not null default false;
create unique index sessions_of_series on sessions (organization_id, series_id, series_slot) where series_slot is not null;

create table holidays (
    organization_id uuid not null references organizations (id),
    -- 2026-12-25: no session of a series takes place on it.
    day text not null,
    name text not null,
    created_at timestamptz not null,
    primary key (organization_id, day)
);

alter table holidays enable row level security;
alter table holidays force row level security;
create policy tenant on holidays
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, update, delete on holidays to lectern_app;
