-- Platform settings, OAuth grants, and who they belong to.

create table platform_settings (
    organization_id uuid not null references organizations (id),
    provider text not null,
    mode text not null,
    client_id text not null,
    account_id text,
    -- The address of the account's user that hosts for instructors without one of their own (server-to-server).
    default_host text,
    api_base text not null,
    client_secret bytea not null,
    webhook_secret bytea,
    -- Accepted beside the present one until this instant, while the vendor's side is being changed.
    previous_webhook_secret bytea,
    previous_valid_until timestamptz,
    generation bigint not null,
    tested_at timestamptz,
    test_result jsonb,
    webhook_seen_at timestamptz,
    updated_at timestamptz not null,
    updated_by uuid,
    primary key (organization_id, provider)
);

alter table platform_settings enable row level security;
alter table platform_settings force row level security;
create policy tenant on platform_settings
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, update, delete on platform_settings to lectern_app;

create table platform_history (
    id uuid not null,
    organization_id uuid not null references organizations (id),
    provider text not null,
    person_id uuid,
    at timestamptz not null,
    -- Names of the fields that changed; values only of those that are no secret.
    changes jsonb not null,
    primary key (organization_id, id)
);

alter table platform_history enable row level security;
alter table platform_history force row level security;
create policy tenant on platform_history
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, update, delete on platform_history to lectern_app;
create index platform_history_in_order on platform_history (organization_id, provider, at);

create table platform_organizations (
    provider text not null,
    organization_id uuid not null references organizations (id),
    primary key (provider, organization_id)
);

grant select, insert, update, delete on platform_organizations to lectern_app, lectern_worker;

create table connections (
    id uuid not null,
    organization_id uuid not null references organizations (id),
    provider text not null,
    -- Whose grant; none for the organization's own.
    person_id uuid,
    external_user_id text not null,
    external_account_id text not null,
    email text not null,
    name text not null,
    plan bigint,
    scopes jsonb not null,
    access_token bytea,
    refresh_token bytea,
    access_expires_at timestamptz,
    -- Grows with every token pair; a write names the one it replaces.
    generation bigint not null,
    refresh_lease_until timestamptz,
    refresh_lease_holder text,
    state text not null,
    problem text,
    connected_at timestamptz not null,
    refreshed_at timestamptz,
    primary key (organization_id, id),
    foreign key (organization_id, person_id) references people (organization_id, id)
);

alter table connections enable row level security;
alter table connections force row level security;
create policy tenant on connections
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, update, delete on connections to lectern_app;
create unique index connections_of_person on connections (organization_id, provider, person_id) where person_id is not null and state <> 'gone';
create unique index connections_of_organization on connections (organization_id, provider) where person_id is null and state <> 'gone';
create index connections_by_external on connections (organization_id, provider, external_user_id);
create index connections_by_end on connections (organization_id, access_expires_at) where state = 'active';

create table external_accounts (
    provider text not null,
    -- `user:` or `account:` and the vendor's id.
    external_key text not null,
    organization_id uuid not null references organizations (id),
    connection_id uuid not null,
    primary key (provider, external_key, organization_id, connection_id)
);

grant select, insert, update, delete on external_accounts to lectern_app, lectern_worker;

create table oauth_states (
    state_hash bytea not null,
    organization_id uuid not null references organizations (id),
    provider text not null,
    person_id uuid not null,
    -- SHA-256 of the sign-in of the browser that asked: another browser's callback is refused. None when a program asked:
    -- then any sign-in of that person will do.
    browser_hash bytea,
    -- SHA-256 of the cookie the asker was given; it does as well.
    cookie_hash bytea not null,
    verifier bytea not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    primary key (organization_id, state_hash)
);

alter table oauth_states enable row level security;
alter table oauth_states force row level security;
create policy tenant on oauth_states
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, update, delete on oauth_states to lectern_app;
