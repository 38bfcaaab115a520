-- Events that platforms are asked for: what comes back with them, and what was asked.

create table event_keys (
    id blob not null,
    organization_id blob not null references organizations (id),
    provider text not null,
    -- Sealed; comes back with every delivery.
    secret blob not null,
    -- X.509, DER, base64: deliveries are encrypted to it.
    certificate text not null,
    -- Sealed; opens them.
    private_key blob not null,
    made_at text not null,
    -- A newer key is in use since; this one still opens what was on its way.
    retired_at text,
    primary key (organization_id, id)
) strict;
create unique index event_keys_present on event_keys (organization_id, provider) where retired_at is null;

create table event_subscriptions (
    id blob not null,
    organization_id blob not null references organizations (id),
    provider text not null,
    connection_id blob not null,
    -- The platform's id of the meeting; empty: all meetings of the connected account.
    meeting_ref text not null,
    -- The platform's id of the subscription; none before it answered.
    external_id text,
    -- wanted, active, refused, ended.
    state text not null,
    -- When it ends unless renewed, by the platform's word.
    until text,
    -- When the platform last answered.
    asked_at text,
    problem text,
    problem_words text,
    wanted_at text not null,
    ended_at text,
    primary key (organization_id, id),
    foreign key (organization_id, connection_id) references connections (organization_id, id)
) strict;
create unique index event_subscriptions_living on event_subscriptions (organization_id, connection_id, meeting_ref) where state <> 'ended';
create index event_subscriptions_by_external on event_subscriptions (organization_id, provider, external_id);
