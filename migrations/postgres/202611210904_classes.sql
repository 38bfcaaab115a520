-- What is taught, who belongs to it, and when it takes place.

create table classes (
    id uuid not null,
    organization_id uuid not null references organizations (id),
    external_id text,
    title text not null,
    description text not null,
    instructor_id uuid not null,
    provider text not null,
    settings jsonb not null,
    state text not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (organization_id, id),
    foreign key (organization_id, instructor_id) references people (organization_id, id)
);

alter table classes enable row level security;
alter table classes force row level security;
create policy tenant on classes
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, update, delete on classes to lectern_app;
create unique index classes_by_external on classes (organization_id, external_id) where external_id is not null;
create index classes_of_instructor on classes (organization_id, instructor_id, state);
create index classes_in_order on classes (organization_id, state, id);

create table class_routes (
    class_id uuid primary key,
    organization_id uuid not null references organizations (id)
);

grant select, insert, update, delete on class_routes to lectern_app, lectern_worker;

create table enrollments (
    -- Members and guests alike: who may come to a class.
    id uuid not null,
    organization_id uuid not null references organizations (id),
    class_id uuid not null,
    person_id uuid not null,
    kind text not null,
    external_id text,
    -- Guests: whether all sessions are open to them, or only those in guest_sessions.
    all_sessions boolean not null,
    -- Part of the join link; raised by rotation and removal, so that older links die.
    generation bigint not null,
    state text not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (organization_id, id),
    foreign key (organization_id, class_id) references classes (organization_id, id),
    foreign key (organization_id, person_id) references people (organization_id, id)
);

alter table enrollments enable row level security;
alter table enrollments force row level security;
create policy tenant on enrollments
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, update, delete on enrollments to lectern_app;
create unique index enrollments_once on enrollments (organization_id, class_id, person_id);
create unique index enrollments_by_external on enrollments (organization_id, external_id) where external_id is not null;
create index enrollments_of_person on enrollments (organization_id, person_id, state);

create table sessions (
    id uuid not null,
    organization_id uuid not null references organizations (id),
    class_id uuid not null,
    -- Sessions of one recurring rule share it.
    series_id uuid,
    external_id text,
    title text not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    time_zone text not null,
    delivery text not null,
    state text not null,
    started_at timestamptz,
    ended_at timestamptz,
    cancel_reason text,
    -- Grows with every change people are told of: the calendar entry's SEQUENCE.
    revision bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (organization_id, id),
    foreign key (organization_id, class_id) references classes (organization_id, id)
);

alter table sessions enable row level security;
alter table sessions force row level security;
create policy tenant on sessions
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, update, delete on sessions to lectern_app;
create unique index sessions_by_external on sessions (organization_id, external_id) where external_id is not null;
create index sessions_of_class on sessions (organization_id, class_id, starts_at);
create index sessions_in_order on sessions (organization_id, starts_at, id);
create index sessions_live on sessions (organization_id, started_at) where state = 'live';

create table guest_sessions (
    organization_id uuid not null references organizations (id),
    enrollment_id uuid not null,
    session_id uuid not null,
    primary key (organization_id, enrollment_id, session_id),
    foreign key (organization_id, enrollment_id) references enrollments (organization_id, id),
    foreign key (organization_id, session_id) references sessions (organization_id, id)
);

alter table guest_sessions enable row level security;
alter table guest_sessions force row level security;
create policy tenant on guest_sessions
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, update, delete on guest_sessions to lectern_app;

create table meetings (
    id uuid not null,
    organization_id uuid not null references organizations (id),
    session_id uuid not null,
    -- A helped breakout room is a child of the session's meeting.
    parent_id uuid,
    provider text not null,
    connection_id uuid,
    -- Ours, sent with every write; a lost create is found again by it.
    reference text not null,
    state text not null,
    attempt bigint not null,
    provider_id text,
    host_id text,
    -- Whether people must be registered to get in; otherwise the general join URL is for all.
    registration boolean,
    join_url bytea,
    problem_code text,
    problem text,
    differences jsonb,
    wanted_at timestamptz not null,
    -- Somebody is creating it until then: a second attempt waits, and begins by looking for what the first made.
    busy_until timestamptz,
    ready_at timestamptz,
    removed_at timestamptz,
    primary key (organization_id, id),
    foreign key (organization_id, session_id) references sessions (organization_id, id)
);

alter table meetings enable row level security;
alter table meetings force row level security;
create policy tenant on meetings
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, update, delete on meetings to lectern_app;
create unique index meetings_of_session on meetings (organization_id, session_id) where parent_id is null and state <> 'removed';
create index meetings_by_provider_id on meetings (organization_id, provider, provider_id);

create table mails (
    -- One row a mail that was decided on: person, session, kind and start time make it once.
    id uuid not null,
    organization_id uuid not null references organizations (id),
    person_id uuid not null,
    session_id uuid,
    kind text not null,
    about text not null,
    facts jsonb not null,
    state text not null,
    created_at timestamptz not null,
    sent_at timestamptz,
    primary key (organization_id, id),
    foreign key (organization_id, person_id) references people (organization_id, id)
);

alter table mails enable row level security;
alter table mails force row level security;
create policy tenant on mails
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, update, delete on mails to lectern_app;
create unique index mails_once on mails (organization_id, person_id, kind, about);
