-- Platform settings, OAuth grants, and who they belong to.

create table platform_settings (
    organization_id blob not null references organizations (id),
    provider text not null,
    mode text not null,
    client_id text not null,
    account_id text,
    -- The address of the account's user that hosts for instructors without one of their own (server-to-server).
    default_host text,
    api_base text not null,
    client_secret blob not null,
    webhook_secret blob,
    -- Accepted beside the present one until this instant, while the vendor's side is being changed.
    previous_webhook_secret blob,
    previous_valid_until text,
    generation integer not null,
    tested_at text,
    test_result text,
    webhook_seen_at text,
    updated_at text not null,
    updated_by blob,
    primary key (organization_id, provider)
) strict;

create table platform_history (
    id blob not null,
    organization_id blob not null references organizations (id),
    provider text not null,
    person_id blob,
    at text not null,
    -- Names of the fields that changed; values only of those that are no secret.
    changes text not null,
    primary key (organization_id, id)
) strict;
create index platform_history_in_order on platform_history (organization_id, provider, at);

create table platform_organizations (
    provider text not null,
    organization_id blob not null references organizations (id),
    primary key (provider, organization_id)
) strict;

create table connections (
    id blob not null,
    organization_id blob not null references organizations (id),
    provider text not null,
    -- Whose grant; none for the organization's own.
    person_id blob,
    external_user_id text not null,
    external_account_id text not null,
    email text not null,
    name text not null,
    plan integer,
    scopes text not null,
    access_token blob,
    refresh_token blob,
    access_expires_at text,
    -- Grows with every token pair; a write names the one it replaces.
    generation integer not null,
    refresh_lease_until text,
    refresh_lease_holder text,
    state text not null,
    problem text,
    connected_at text not null,
    refreshed_at text,
    primary key (organization_id, id),
    foreign key (organization_id, person_id) references people (organization_id, id)
) strict;
create unique index connections_of_person on connections (organization_id, provider, person_id) where person_id is not null and state <> 'gone';
create unique index connections_of_organization on connections (organization_id, provider) where person_id is null and state <> 'gone';
create index connections_by_external on connections (organization_id, provider, external_user_id);
create index connections_by_end on connections (organization_id, access_expires_at) where state = 'active';

create table external_accounts (
    provider text not null,
    -- `user:` or `account:` and the vendor's id.
    external_key text not null,
    organization_id blob not null references organizations (id),
    connection_id blob not null,
    primary key (provider, external_key, organization_id, connection_id)
) strict;

create table oauth_states (
    state_hash blob not null,
    organization_id blob not null references organizations (id),
    provider text not null,
    person_id blob not null,
    -- SHA-256 of the sign-in of the browser that asked: another browser's callback is refused. None when a program asked:
    -- then any sign-in of that person will do.
    browser_hash blob,
    -- SHA-256 of the cookie the asker was given; it does as well.
    cookie_hash blob not null,
    verifier blob not null,
    expires_at text not null,
    used_at text,
    primary key (organization_id, state_hash)
) strict;
