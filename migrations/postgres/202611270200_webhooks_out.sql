-- Outgoing webhooks: where an organization wants to hear what happens, and what was sent there.

create table webhook_endpoints (
    id uuid not null,
    organization_id uuid not null references organizations (id),
    url text not null,
    description text not null,
    -- The types it wants; an empty list: all.
    events jsonb not null,
    -- Which shape of payload it was written for: 2026-11-27.
    version text not null,
    -- Sealed; signs.
    secret bytea not null,
    -- Signs beside the present one until this instant, while the receiver is being changed.
    previous_secret bytea,
    previous_until timestamptz,
    -- active, disabled.
    state text not null,
    -- person: somebody did; gone: it answered 410; failing: nothing arrived for five days.
    disabled_by text,
    disabled_at timestamptz,
    -- The first failure since anything arrived.
    failing_at timestamptz,
    delivered_at timestamptz,
    created_at timestamptz not null,
    -- Active since: what happened before is not sent.
    active_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (organization_id, id)
);

alter table webhook_endpoints enable row level security;
alter table webhook_endpoints force row level security;
create policy tenant on webhook_endpoints
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, update, delete on webhook_endpoints to lectern_app;

create table webhook_deliveries (
    id uuid not null,
    organization_id uuid not null references organizations (id),
    endpoint_id uuid not null,
    -- What happened: one delivery of it to each endpoint, whatever crashes.
    event_id uuid not null,
    kind text not null,
    -- Sealed; the very bytes that are signed at each try.
    payload bytea not null,
    -- pending, delivered, failed.
    state text not null,
    tries bigint not null,
    -- Of the next try; null when there is none.
    due_at timestamptz,
    tried_at timestamptz,
    -- Of the last answer; null when there was none.
    status bigint,
    -- Why there was none.
    problem text,
    -- Sealed; how the last answer begins.
    answer bytea,
    millis bigint,
    created_at timestamptz not null,
    primary key (organization_id, id),
    foreign key (organization_id, endpoint_id) references webhook_endpoints (organization_id, id)
);

alter table webhook_deliveries enable row level security;
alter table webhook_deliveries force row level security;
create policy tenant on webhook_deliveries
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, update, delete on webhook_deliveries to lectern_app;
create unique index webhook_deliveries_once on webhook_deliveries (organization_id, endpoint_id, event_id);
create index webhook_deliveries_due on webhook_deliveries (organization_id, endpoint_id, due_at) where state = 'pending';
create index webhook_deliveries_in_order on webhook_deliveries (organization_id, endpoint_id, created_at, id);
create index webhook_deliveries_old on webhook_deliveries (organization_id, created_at);

-- Each active endpoint, and when it has work. One worker at a time has an endpoint.
create table webhook_queue (
    endpoint_id uuid primary key,
    organization_id uuid not null references organizations (id),
    -- Null: nothing to do.
    due_at timestamptz,
    -- It asked for a pause.
    rests_until timestamptz,
    -- Its last messages failed or took long: it waits in a lane of such.
    slow boolean not null,
    leased_until timestamptz,
    attempt bigint not null
);

grant insert on webhook_queue to lectern_app;
grant select, insert, update, delete on webhook_queue to lectern_worker;
create index webhook_queue_due on webhook_queue (slow, due_at);
create index webhook_queue_of_organization on webhook_queue (organization_id);

-- How far the events of the outbox were read for the endpoints.
create table webhook_cursor (
    name text primary key,
    seq bigint not null
);

grant insert on webhook_cursor to lectern_app;
grant select, insert, update, delete on webhook_cursor to lectern_worker;
