-- Pages on which people book a time with somebody: one-to-one lessons, office hours.

create table booking_pages (
    id blob not null,
    organization_id blob not null references organizations (id),
    -- Who is booked.
    instructor_id blob not null,
    -- Whose platform and options the classes take; none: the organization's platform.
    class_id blob,
    title text not null,
    description text not null,
    time_zone text not null,
    -- Hours by weekday and by day, on the clock of time_zone.
    availability text not null,
    duration_minutes integer not null,
    every_minutes integer not null,
    before_minutes integer not null,
    after_minutes integer not null,
    notice_minutes integer not null,
    ahead_days integer not null,
    -- None: as many as there is room for.
    daily_limit integer,
    -- anyone, organization, cohort; when the cohort is gone, nobody.
    audience text not null,
    cohort_id blob,
    -- In the currency's smallest unit; 0: free.
    price integer not null,
    currency text not null,
    -- Whole refund until so many hours before.
    refund_hours integer not null,
    -- open, closed.
    state text not null,
    created_at text not null,
    updated_at text not null,
    primary key (organization_id, id),
    foreign key (organization_id, instructor_id) references people (organization_id, id),
    foreign key (organization_id, class_id) references classes (organization_id, id)
) strict;
create index booking_pages_of_instructor on booking_pages (organization_id, instructor_id, id);

create table booking_page_routes (
    page_id blob primary key,
    organization_id blob not null references organizations (id)
) strict;

create table booking_page_classes (
    -- Whoever books has a class of their own for the page: nobody else's link opens it.
    organization_id blob not null references organizations (id),
    page_id blob not null,
    person_id blob not null,
    class_id blob not null,
    primary key (organization_id, page_id, person_id),
    foreign key (organization_id, page_id) references booking_pages (organization_id, id),
    foreign key (organization_id, person_id) references people (organization_id, id),
    foreign key (organization_id, class_id) references classes (organization_id, id)
) strict;
create index booking_page_classes_of_class on booking_page_classes (organization_id, class_id);

-- A booking of a time: its page, and when. The session is made when the booking is confirmed.
alter table bookings add column page_id blob;
alter table bookings add column slot_starts_at text;
alter table bookings add column slot_minutes integer;
alter table bookings add column session_id blob;
create unique index bookings_by_session on bookings (organization_id, session_id) where session_id is not null;
create index bookings_of_page on bookings (organization_id, page_id, slot_starts_at) where page_id is not null;
-- Of a class one books once; of a page many times.
drop index bookings_living;
create unique index bookings_living on bookings (organization_id, class_id, person_id) where page_id is null and state in ('held', 'waiting', 'confirmed');
