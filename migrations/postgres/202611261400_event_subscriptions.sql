-- Events that platforms are asked for: what comes back with them, and what was asked.

create table event_keys (
    id uuid not null,
    organization_id uuid not null references organizations (id),
    provider text not null,
    -- Sealed; comes back with every delivery.
    secret bytea not null,
    -- X.509, DER, base64: deliveries are encrypted to it.
    certificate text not null,
    -- Sealed; opens them.
    private_key bytea not null,
    made_at timestamptz not null,
    -- A newer key is in use since; this one still opens what was on its way.
    retired_at timestamptz,
    primary key (organization_id, id)
);

alter table event_keys enable row level security;
alter table event_keys force row level security;
create policy tenant on event_keys
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, update, delete on event_keys to lectern_app;
create unique index event_keys_present on event_keys (organization_id, provider) where retired_at is null;

create table event_subscriptions (
    id uuid not null,
    organization_id uuid not null references organizations (id),
    provider text not null,
    connection_id uuid not null,
    -- The platform's id of the meeting; empty: all meetings of the connected account.
    meeting_ref text not null,
    -- The platform's id of the subscription; none before it answered.
    external_id text,
    -- wanted, active, refused, ended.
    state text not null,
    -- When it ends unless renewed, by the platform's word.
    until timestamptz,
    -- When the platform last answered.
    asked_at timestamptz,
    problem text,
    problem_words jsonb,
    wanted_at timestamptz not null,
    ended_at timestamptz,
    primary key (organization_id, id),
    foreign key (organization_id, connection_id) references connections (organization_id, id)
);

alter table event_subscriptions enable row level security;
alter table event_subscriptions force row level security;
create policy tenant on event_subscriptions
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, update, delete on event_subscriptions to lectern_app;
create unique index event_subscriptions_living on event_subscriptions (organization_id, connection_id, meeting_ref) where state <> 'ended';
create index event_subscriptions_by_external on event_subscriptions (organization_id, provider, external_id);
