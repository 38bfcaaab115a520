-- Users and guests of an organization, and the ways they prove who they are.

create table people (
    id uuid not null,
    organization_id uuid not null references organizations (id),
    kind text not null,
    external_id text,
    subject text,
    email text not null,
    -- The address in lower case: equal addresses are equal here.
    email_key text not null,
    first_name text not null,
    last_name text,
    role bigint not null,
    owner boolean not null,
    password_hash text,
    state text not null,
    language text,
    time_zone text,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (organization_id, id)
);

alter table people enable row level security;
alter table people force row level security;
create policy tenant on people
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, update, delete on people to lectern_app;
create unique index people_by_email on people (organization_id, email_key) where kind = 'user';
create unique index people_by_external on people (organization_id, external_id) where external_id is not null;
create unique index people_by_subject on people (organization_id, subject) where subject is not null;
create index people_in_order on people (organization_id, kind, email_key);

create table sign_ins (
    -- SHA-256 of the bearer token; the token itself is never stored.
    token_hash bytea primary key,
    organization_id uuid not null references organizations (id),
    person_id uuid not null,
    created_at timestamptz not null,
    expires_at timestamptz not null
);

grant select, insert, update, delete on sign_ins to lectern_app, lectern_worker;
create index sign_ins_by_person on sign_ins (organization_id, person_id);
create index sign_ins_by_end on sign_ins (expires_at);

create table api_key_hashes (
    key_hash bytea primary key,
    organization_id uuid not null references organizations (id),
    api_key_id uuid not null
);

grant select, insert, update, delete on api_key_hashes to lectern_app, lectern_worker;

create table api_keys (
    id uuid not null,
    organization_id uuid not null references organizations (id),
    name text not null,
    scopes jsonb not null,
    -- The first characters, by which a person recognises the key.
    hint text not null,
    created_by uuid,
    created_at timestamptz not null,
    last_used_at timestamptz,
    revoked_at timestamptz,
    primary key (organization_id, id)
);

alter table api_keys enable row level security;
alter table api_keys force row level security;
create policy tenant on api_keys
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, update, delete on api_keys to lectern_app;
