-- Who is on this server, and under which keys their secrets are sealed.

create table organizations (
    id uuid primary key,
    slug text not null unique,
    name text not null,
    vocabulary text not null,
    state text not null,
    created_at timestamptz not null
);

grant select, insert, update, delete on organizations to lectern_app, lectern_worker;

create table organization_keys (
    -- The organization's data key, wrapped by the master key `master_id`.
    organization_id uuid not null references organizations (id),
    number bigint not null,
    master_id text not null,
    wrapped bytea not null,
    created_at timestamptz not null,
    primary key (organization_id, number)
);

grant select, insert, update, delete on organization_keys to lectern_app, lectern_worker;

create table organization_settings (
    organization_id uuid primary key references organizations (id),
    time_zone text not null,
    default_provider text not null,
    -- Join window, attendance thresholds, meeting policy: one JSON object, read as a whole.
    policies jsonb not null,
    -- Host application's tokens: algorithm, issuer, audience; the HS256 secret is sealed.
    host_tokens jsonb,
    host_secret bytea,
    updated_at timestamptz not null
);

alter table organization_settings enable row level security;
alter table organization_settings force row level security;
create policy tenant on organization_settings
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, update, delete on organization_settings to lectern_app;

create table host_issuers (
    -- Which organization a host application's token belongs to.
    issuer text not null,
    audience text not null,
    organization_id uuid not null references organizations (id),
    primary key (issuer, audience)
);

grant select, insert, update, delete on host_issuers to lectern_app, lectern_worker;

create table instance_settings (
    name text primary key,
    value text not null
);

grant select, insert, update, delete on instance_settings to lectern_app, lectern_worker;
