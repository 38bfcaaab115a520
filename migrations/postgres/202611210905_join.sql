-- Seats: who is let into which session, from which browser, under which registrant.

create table seats (
    id uuid not null,
    organization_id uuid not null references organizations (id),
    session_id uuid not null,
    person_id uuid not null,
    -- Grows when the seat moves to another browser; each has a registrant of its own.
    generation bigint not null,
    -- SHA-256 of the browser's secret; none until the first good redemption.
    browser_hash bytea,
    bound_at timestamptz,
    -- When the person pressed Join and no registrant was ready: the order of arrival.
    waiting_since timestamptz,
    redirected_at timestamptz,
    created_at timestamptz not null,
    primary key (organization_id, id),
    foreign key (organization_id, session_id) references sessions (organization_id, id),
    foreign key (organization_id, person_id) references people (organization_id, id)
);

alter table seats enable row level security;
alter table seats force row level security;
create policy tenant on seats
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, update, delete on seats to lectern_app;
create unique index seats_once on seats (organization_id, session_id, person_id);

create table registrants (
    id uuid not null,
    organization_id uuid not null references organizations (id),
    seat_id uuid not null,
    session_id uuid not null,
    meeting_id uuid not null,
    person_id uuid not null,
    generation bigint not null,
    email text not null,
    state text not null,
    attempt bigint not null,
    provider_registrant_id text,
    join_url bytea,
    problem text,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (organization_id, id),
    foreign key (organization_id, seat_id) references seats (organization_id, id),
    foreign key (organization_id, meeting_id) references meetings (organization_id, id)
);

alter table registrants enable row level security;
alter table registrants force row level security;
create policy tenant on registrants
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, update, delete on registrants to lectern_app;
create unique index registrants_once on registrants (organization_id, meeting_id, seat_id, generation);
create index registrants_of_session on registrants (organization_id, session_id);
create index registrants_by_state on registrants (organization_id, state, updated_at);

create table seat_codes (
    organization_id uuid not null references organizations (id),
    seat_id uuid not null,
    -- HMAC of the six digits under a key of ours.
    code_hash bytea not null,
    -- The browser that asked: only it may use the code.
    browser_hash bytea not null,
    tries bigint not null,
    sent_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    primary key (organization_id, seat_id),
    foreign key (organization_id, seat_id) references seats (organization_id, id)
);

alter table seat_codes enable row level security;
alter table seat_codes force row level security;
create policy tenant on seat_codes
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, update, delete on seat_codes to lectern_app;
