-- What is taught, who belongs to it, and when it takes place.

create table classes (
    id blob not null,
    organization_id blob not null references organizations (id),
    external_id text,
    title text not null,
    description text not null,
    instructor_id blob not null,
    provider text not null,
    settings text not null,
    state text not null,
    created_at text not null,
    updated_at text not null,
    primary key (organization_id, id),
    foreign key (organization_id, instructor_id) references people (organization_id, id)
) strict;
create unique index classes_by_external on classes (organization_id, external_id) where external_id is not null;
create index classes_of_instructor on classes (organization_id, instructor_id, state);
create index classes_in_order on classes (organization_id, state, id);

create table class_routes (
    class_id blob primary key,
    organization_id blob not null references organizations (id)
) strict;

create table enrollments (
    -- Members and guests alike: who may come to a class.
    id blob not null,
    organization_id blob not null references organizations (id),
    class_id blob not null,
    person_id blob not null,
    kind text not null,
    external_id text,
    -- Guests: whether all sessions are open to them, or only those in guest_sessions.
    all_sessions integer not null,
    -- Part of the join link; raised by rotation and removal, so that older links die.
    generation integer not null,
    state text not null,
    created_at text not null,
    updated_at text not null,
    primary key (organization_id, id),
    foreign key (organization_id, class_id) references classes (organization_id, id),
    foreign key (organization_id, person_id) references people (organization_id, id)
) strict;
create unique index enrollments_once on enrollments (organization_id, class_id, person_id);
create unique index enrollments_by_external on enrollments (organization_id, external_id) where external_id is not null;
create index enrollments_of_person on enrollments (organization_id, person_id, state);

create table sessions (
    id blob not null,
    organization_id blob not null references organizations (id),
    class_id blob not null,
    -- Sessions of one recurring rule share it.
    series_id blob,
    external_id text,
    title text not null,
    starts_at text not null,
    ends_at text not null,
    time_zone text not null,
    delivery text not null,
    state text not null,
    started_at text,
    ended_at text,
    cancel_reason text,
    -- Grows with every change people are told of: the calendar entry's SEQUENCE.
    revision integer not null,
    created_at text not null,
    updated_at text not null,
    primary key (organization_id, id),
    foreign key (organization_id, class_id) references classes (organization_id, id)
) strict;
create unique index sessions_by_external on sessions (organization_id, external_id) where external_id is not null;
create index sessions_of_class on sessions (organization_id, class_id, starts_at);
create index sessions_in_order on sessions (organization_id, starts_at, id);
create index sessions_live on sessions (organization_id, started_at) where state = 'live';

create table guest_sessions (
    organization_id blob not null references organizations (id),
    enrollment_id blob not null,
    session_id blob not null,
    primary key (organization_id, enrollment_id, session_id),
    foreign key (organization_id, enrollment_id) references enrollments (organization_id, id),
    foreign key (organization_id, session_id) references sessions (organization_id, id)
) strict;

create table meetings (
    id blob not null,
    organization_id blob not null references organizations (id),
    session_id blob not null,
    -- A helped breakout room is a child of the session's meeting.
    parent_id blob,
    provider text not null,
    connection_id blob,
    -- Ours, sent with every write; a lost create is found again by it.
    reference text not null,
    state text not null,
    attempt integer not null,
    provider_id text,
    host_id text,
    -- Whether people must be registered to get in; otherwise the general join URL is for all.
    registration integer,
    join_url blob,
    problem_code text,
    problem text,
    differences text,
    wanted_at text not null,
    -- Somebody is creating it until then: a second attempt waits, and begins by looking for what the first made.
    busy_until text,
    ready_at text,
    removed_at text,
    primary key (organization_id, id),
    foreign key (organization_id, session_id) references sessions (organization_id, id)
) strict;
create unique index meetings_of_session on meetings (organization_id, session_id) where parent_id is null and state <> 'removed';
create index meetings_by_provider_id on meetings (organization_id, provider, provider_id);

create table mails (
    -- One row a mail that was decided on: person, session, kind and start time make it once.
    id blob not null,
    organization_id blob not null references organizations (id),
    person_id blob not null,
    session_id blob,
    kind text not null,
    about text not null,
    facts text not null,
    state text not null,
    created_at text not null,
    sent_at text,
    primary key (organization_id, id),
    foreign key (organization_id, person_id) references people (organization_id, id)
) strict;
create unique index mails_once on mails (organization_id, person_id, kind, about);
