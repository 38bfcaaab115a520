-- Outgoing webhooks: where an organization wants to hear what happens, and what was sent there.

create table webhook_endpoints (
    id blob not null,
    organization_id blob not null references organizations (id),
    url text not null,
    description text not null,
    -- The types it wants; an empty list: all.
    events text not null,
    -- Which shape of payload it was written for: 2026-11-27.
    version text not null,
    -- Sealed; signs.
    secret blob not null,
    -- Signs beside the present one until this instant, while the receiver is being changed.
    previous_secret blob,
    previous_until text,
    -- active, disabled.
    state text not null,
    -- person: somebody did; gone: it answered 410; failing: nothing arrived for five days.
    disabled_by text,
    disabled_at text,
    -- The first failure since anything arrived.
    failing_at text,
    delivered_at text,
    created_at text not null,
    -- Active since: what happened before is not sent.
    active_at text not null,
    updated_at text not null,
    primary key (organization_id, id)
) strict;

create table webhook_deliveries (
    id blob not null,
    organization_id blob not null references organizations (id),
    endpoint_id blob not null,
    -- What happened: one delivery of it to each endpoint, whatever crashes.
    event_id blob not null,
    kind text not null,
    -- Sealed; the very bytes that are signed at each try.
    payload blob not null,
    -- pending, delivered, failed.
    state text not null,
    tries integer not null,
    -- Of the next try; null when there is none.
    due_at text,
    tried_at text,
    -- Of the last answer; null when there was none.
    status integer,
    -- Why there was none.
    problem text,
    -- Sealed; how the last answer begins.
    answer blob,
    millis integer,
    created_at text not null,
    primary key (organization_id, id),
    foreign key (organization_id, endpoint_id) references webhook_endpoints (organization_id, id)
) strict;
create unique index webhook_deliveries_once on webhook_deliveries (organization_id, endpoint_id, event_id);
create index webhook_deliveries_due on webhook_deliveries (organization_id, endpoint_id, due_at) where state = 'pending';
create index webhook_deliveries_in_order on webhook_deliveries (organization_id, endpoint_id, created_at, id);
create index webhook_deliveries_old on webhook_deliveries (organization_id, created_at);

-- Each active endpoint, and when it has work. One worker at a time has an endpoint.
create table webhook_queue (
    endpoint_id blob primary key,
    organization_id blob not null references organizations (id),
    -- Null: nothing to do.
    due_at text,
    -- It asked for a pause.
    rests_until text,
    -- Its last messages failed or took long: it waits in a lane of such.
    slow integer not null,
    leased_until text,
    attempt integer not null
) strict;
create index webhook_queue_due on webhook_queue (slow, due_at);
create index webhook_queue_of_organization on webhook_queue (organization_id);

-- How far the events of the outbox were read for the endpoints.
create table webhook_cursor (
    name text primary key,
    seq integer not null
) strict;
