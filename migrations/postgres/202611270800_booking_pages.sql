-- Pages on which people book a time with somebody: one-to-one lessons, office hours.

create table booking_pages (
    id uuid not null,
    organization_id uuid not null references organizations (id),
    -- Who is booked.
    instructor_id uuid not null,
    -- Whose platform and options the classes take; none: the organization's platform.
    class_id uuid,
    title text not null,
    description text not null,
    time_zone text not null,
    -- Hours by weekday and by day, on the clock of time_zone.
    availability jsonb not null,
    duration_minutes bigint not null,
    every_minutes bigint not null,
    before_minutes bigint not null,
    after_minutes bigint not null,
    notice_minutes bigint not null,
    ahead_days bigint not null,
    -- None: as many as there is room for.
    daily_limit bigint,
    -- anyone, organization, cohort; when the cohort is gone, nobody.
    audience text not null,
    cohort_id uuid,
    -- In the currency's smallest unit; 0: free.
    price bigint not null,
    currency text not null,
    -- Whole refund until so many hours before.
    refund_hours bigint not null,
    -- open, closed.
    state text not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (organization_id, id),
    foreign key (organization_id, instructor_id) references people (organization_id, id),
    foreign key (organization_id, class_id) references classes (organization_id, id)
);

alter table booking_pages enable row level security;
alter table booking_pages force row level security;
create policy tenant on booking_pages
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, update on booking_pages to lectern_app;
create index booking_pages_of_instructor on booking_pages (organization_id, instructor_id, id);

create table booking_page_routes (
    page_id uuid primary key,
    organization_id uuid not null references organizations (id)
);

grant select, insert, update, delete on booking_page_routes to lectern_app, lectern_worker;

create table booking_page_classes (
    -- Whoever books has a class of their own for the page: nobody else's link opens it.
    organization_id uuid not null references organizations (id),
    page_id uuid not null,
    person_id uuid not null,
    class_id uuid not null,
    primary key (organization_id, page_id, person_id),
    foreign key (organization_id, page_id) references booking_pages (organization_id, id),
    foreign key (organization_id, person_id) references people (organization_id, id),
    foreign key (organization_id, class_id) references classes (organization_id, id)
);

alter table booking_page_classes enable row level security;
alter table booking_page_classes force row level security;
create policy tenant on booking_page_classes
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, update on booking_page_classes to lectern_app;
create index booking_page_classes_of_class on booking_page_classes (organization_id, class_id);

-- A booking of a time: its page, and when. The session is made when the booking is confirmed.
alter table bookings add column page_id uuid;
alter table bookings add column slot_starts_at timestamptz;
alter table bookings add column slot_minutes bigint;
alter table bookings add column session_id uuid;
create unique index bookings_by_session on bookings (organization_id, session_id) where session_id is not null;
create index bookings_of_page on bookings (organization_id, page_id, slot_starts_at) where page_id is not null;
-- Of a class one books once; of a page many times.
drop index bookings_living;
create unique index bookings_living on bookings (organization_id, class_id, person_id) where page_id is null and state in ('held', 'waiting', 'confirmed');
