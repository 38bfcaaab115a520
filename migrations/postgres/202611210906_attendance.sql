-- Raw stays with their source, and the verdict per person and session.

create table runs (
    -- Each actual run of a meeting: stopped and started again, it has several.
    organization_id uuid not null references organizations (id),
    meeting_id uuid not null,
    session_id uuid not null,
    run_id text not null,
    started_at timestamptz,
    ended_at timestamptz,
    -- Which report was read for it, and when.
    report text,
    reported_at timestamptz,
    primary key (organization_id, meeting_id, run_id),
    foreign key (organization_id, meeting_id) references meetings (organization_id, id),
    foreign key (organization_id, session_id) references sessions (organization_id, id)
);

alter table runs enable row level security;
alter table runs force row level security;
create policy tenant on runs
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, update, delete on runs to lectern_app;
create index runs_of_session on runs (organization_id, session_id);

create table presences (
    organization_id uuid not null references organizations (id),
    session_id uuid not null,
    person_id uuid,
    role text not null,
    source text not null,
    run_id text not null,
    stay text not null,
    kind text not null,
    joined_at timestamptz,
    left_at timestamptz,
    registrant_id text,
    -- The whole row as the rules know it; the columns beside it are drawn from it.
    facts jsonb not null,
    received_at timestamptz not null,
    primary key (organization_id, session_id, source, run_id, stay, kind),
    foreign key (organization_id, session_id) references sessions (organization_id, id)
);

alter table presences enable row level security;
alter table presences force row level security;
create policy tenant on presences
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, update, delete on presences to lectern_app;
create index presences_by_registrant on presences (organization_id, session_id, registrant_id) where registrant_id is not null;

create table attendance (
    organization_id uuid not null references organizations (id),
    session_id uuid not null,
    person_id uuid not null,
    state text not null,
    seconds bigint not null,
    first_joined_at timestamptz,
    last_left_at timestamptz,
    proposed jsonb not null,
    verified_by uuid,
    verified_at timestamptz,
    note text,
    updated_at timestamptz not null,
    primary key (organization_id, session_id, person_id),
    foreign key (organization_id, session_id) references sessions (organization_id, id),
    foreign key (organization_id, person_id) references people (organization_id, id)
);

alter table attendance enable row level security;
alter table attendance force row level security;
create policy tenant on attendance
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, update, delete on attendance to lectern_app;

create table reconciliations (
    organization_id uuid not null references organizations (id),
    session_id uuid not null,
    state text not null,
    attempt bigint not null,
    -- Which kind of report the last answer was, and what stood in the way of one.
    report text,
    problem text,
    -- When the platform was last asked.
    asked_at timestamptz,
    finished_at timestamptz,
    primary key (organization_id, session_id),
    foreign key (organization_id, session_id) references sessions (organization_id, id)
);

alter table reconciliations enable row level security;
alter table reconciliations force row level security;
create policy tenant on reconciliations
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, update, delete on reconciliations to lectern_app;
