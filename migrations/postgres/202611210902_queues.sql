-- Work to do, events to publish, deliveries to read: ids and sealed bodies only.

create table jobs (
    id uuid primary key,
    organization_id uuid not null references organizations (id),
    kind text not null,
    -- Ids only; what is secret or personal is looked up by the job.
    body jsonb not null,
    -- Two live jobs of one kind with the same key are one job.
    unique_key text,
    state text not null,
    run_at timestamptz not null,
    attempt bigint not null,
    leased_until timestamptz,
    last_error text,
    created_at timestamptz not null,
    finished_at timestamptz
);

grant insert on jobs to lectern_app;
grant select, insert, update, delete on jobs to lectern_worker;
create unique index jobs_unique on jobs (kind, organization_id, unique_key) where state = 'waiting' and unique_key is not null;
create index jobs_due on jobs (run_at) where state in ('waiting', 'running');
create index jobs_by_state on jobs (state, finished_at);

create table event_outbox (
    id uuid primary key,
    organization_id uuid not null references organizations (id),
    payload bytea not null,
    created_at timestamptz not null,
    -- Given by the publisher after commit: dense, in delivery order.
    seq bigint unique
);

grant insert on event_outbox to lectern_app;
grant select, insert, update, delete on event_outbox to lectern_worker;
create index event_outbox_new on event_outbox (id) where seq is null;
create index event_outbox_by_organization on event_outbox (organization_id, seq);
create index event_outbox_old on event_outbox (created_at);

create table webhook_inbox (
    id uuid primary key,
    organization_id uuid not null references organizations (id),
    provider text not null,
    -- Equal for duplicates of one event.
    fingerprint text not null,
    kind text not null,
    event_at timestamptz not null,
    received_at timestamptz not null,
    meeting_ref text,
    late boolean not null,
    body bytea not null,
    state text not null,
    attempt bigint not null,
    problem text
);

grant insert on webhook_inbox to lectern_app;
grant select, insert, update, delete on webhook_inbox to lectern_worker;
-- The time leads the fingerprint, which depends on it: what arrives together lies together.
create unique index webhook_inbox_once on webhook_inbox (organization_id, provider, event_at, fingerprint);
create index webhook_inbox_new on webhook_inbox (id) where state = 'new';
create index webhook_inbox_old on webhook_inbox (received_at);

create table leases (
    name text primary key,
    holder text not null,
    until timestamptz not null
);

grant insert on leases to lectern_app;
grant select, insert, update, delete on leases to lectern_worker;
