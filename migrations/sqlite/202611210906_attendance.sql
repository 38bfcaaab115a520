-- Raw stays with their source, and the verdict per person and session.

create table runs (
    -- Each actual run of a meeting: stopped and started again, it has several.
    organization_id blob not null references organizations (id),
    meeting_id blob not null,
    session_id blob not null,
    run_id text not null,
    started_at text,
    ended_at text,
    -- Which report was read for it, and when.
    report text,
    reported_at text,
    primary key (organization_id, meeting_id, run_id),
    foreign key (organization_id, meeting_id) references meetings (organization_id, id),
    foreign key (organization_id, session_id) references sessions (organization_id, id)
) strict;
create index runs_of_session on runs (organization_id, session_id);

create table presences (
    organization_id blob not null references organizations (id),
    session_id blob not null,
    person_id blob,
    role text not null,
    source text not null,
    run_id text not null,
    stay text not null,
    kind text not null,
    joined_at text,
    left_at text,
    registrant_id text,
    -- The whole row as the rules know it; the columns beside it are drawn from it.
    facts text not null,
    received_at text not null,
    primary key (organization_id, session_id, source, run_id, stay, kind),
    foreign key (organization_id, session_id) references sessions (organization_id, id)
) strict;
create index presences_by_registrant on presences (organization_id, session_id, registrant_id) where registrant_id is not null;

create table attendance (
    organization_id blob not null references organizations (id),
    session_id blob not null,
    person_id blob not null,
    state text not null,
    seconds integer not null,
    first_joined_at text,
    last_left_at text,
    proposed text not null,
    verified_by blob,
    verified_at text,
    note text,
    updated_at text not null,
    primary key (organization_id, session_id, person_id),
    foreign key (organization_id, session_id) references sessions (organization_id, id),
    foreign key (organization_id, person_id) references people (organization_id, id)
) strict;

create table reconciliations (
    organization_id blob not null references organizations (id),
    session_id blob not null,
    state text not null,
    attempt integer not null,
    -- Which kind of report the last answer was, and what stood in the way of one.
    report text,
    problem text,
    -- When the platform was last asked.
    asked_at text,
    finished_at text,
    primary key (organization_id, session_id),
    foreign key (organization_id, session_id) references sessions (organization_id, id)
) strict;
