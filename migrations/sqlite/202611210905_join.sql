-- Seats: who is let into which session, from which browser, under which registrant.

create table seats (
    id blob not null,
    organization_id blob not null references organizations (id),
    session_id blob not null,
    person_id blob not null,
    -- Grows when the seat moves to another browser; each has a registrant of its own.
    generation integer not null,
    -- SHA-256 of the browser's secret; none until the first good redemption.
    browser_hash blob,
    bound_at text,
    -- When the person pressed Join and no registrant was ready: the order of arrival.
    waiting_since text,
    redirected_at text,
    created_at text not null,
    primary key (organization_id, id),
    foreign key (organization_id, session_id) references sessions (organization_id, id),
    foreign key (organization_id, person_id) references people (organization_id, id)
) strict;
create unique index seats_once on seats (organization_id, session_id, person_id);

create table registrants (
    id blob not null,
    organization_id blob not null references organizations (id),
    seat_id blob not null,
    session_id blob not null,
    meeting_id blob not null,
    person_id blob not null,
    generation integer not null,
    email text not null,
    state text not null,
    attempt integer not null,
    provider_registrant_id text,
    join_url blob,
    problem text,
    created_at text not null,
    updated_at text not null,
    primary key (organization_id, id),
    foreign key (organization_id, seat_id) references seats (organization_id, id),
    foreign key (organization_id, meeting_id) references meetings (organization_id, id)
) strict;
create unique index registrants_once on registrants (organization_id, meeting_id, seat_id, generation);
create index registrants_of_session on registrants (organization_id, session_id);
create index registrants_by_state on registrants (organization_id, state, updated_at);

create table seat_codes (
    organization_id blob not null references organizations (id),
    seat_id blob not null,
    -- HMAC of the six digits under a key of ours.
    code_hash blob not null,
    -- The browser that asked: only it may use the code.
    browser_hash blob not null,
    tries integer not null,
    sent_at text not null,
    expires_at text not null,
    used_at text,
    primary key (organization_id, seat_id),
    foreign key (organization_id, seat_id) references seats (organization_id, id)
) strict;
