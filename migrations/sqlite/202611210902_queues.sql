-- Work to do, events to publish, deliveries to read: ids and sealed bodies only.

create table jobs (
    id blob primary key,
    organization_id blob not null references organizations (id),
    kind text not null,
    -- Ids only; what is secret or personal is looked up by the job.
    body text not null,
    -- Two live jobs of one kind with the same key are one job.
    unique_key text,
    state text not null,
    run_at text not null,
    attempt integer not null,
    leased_until text,
    last_error text,
    created_at text not null,
    finished_at text
) strict;
create unique index jobs_unique on jobs (kind, organization_id, unique_key) where state = 'waiting' and unique_key is not null;
create index jobs_due on jobs (run_at) where state in ('waiting', 'running');
create index jobs_by_state on jobs (state, finished_at);

create table event_outbox (
    id blob primary key,
    organization_id blob not null references organizations (id),
    payload blob not null,
    created_at text not null,
    -- Given by the publisher after commit: dense, in delivery order.
    seq integer unique
) strict;
create index event_outbox_new on event_outbox (id) where seq is null;
create index event_outbox_by_organization on event_outbox (organization_id, seq);
create index event_outbox_old on event_outbox (created_at);

create table webhook_inbox (
    id blob primary key,
    organization_id blob not null references organizations (id),
    provider text not null,
    -- Equal for duplicates of one event.
    fingerprint text not null,
    kind text not null,
    event_at text not null,
    received_at text not null,
    meeting_ref text,
    late integer not null,
    body blob not null,
    state text not null,
    attempt integer not null,
    problem text
) strict;
-- The time leads the fingerprint, which depends on it: what arrives together lies together.
create unique index webhook_inbox_once on webhook_inbox (organization_id, provider, event_at, fingerprint);
create index webhook_inbox_new on webhook_inbox (id) where state = 'new';
create index webhook_inbox_old on webhook_inbox (received_at);

create table leases (
    name text primary key,
    holder text not null,
    until text not null
) strict;
