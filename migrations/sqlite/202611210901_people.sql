-- Users and guests of an organization, and the ways they prove who they are.

create table people (
    id blob not null,
    organization_id blob not null references organizations (id),
    kind text not null,
    external_id text,
    subject text,
    email text not null,
    -- The address in lower case: equal addresses are equal here.
    email_key text not null,
    first_name text not null,
    last_name text,
    role integer not null,
    owner integer not null,
    password_hash text,
    state text not null,
    language text,
    time_zone text,
    created_at text not null,
    updated_at text not null,
    primary key (organization_id, id)
) strict;
create unique index people_by_email on people (organization_id, email_key) where kind = 'user';
create unique index people_by_external on people (organization_id, external_id) where external_id is not null;
create unique index people_by_subject on people (organization_id, subject) where subject is not null;
create index people_in_order on people (organization_id, kind, email_key);

create table sign_ins (
    -- SHA-256 of the bearer token; the token itself is never stored.
    token_hash blob primary key,
    organization_id blob not null references organizations (id),
    person_id blob not null,
    created_at text not null,
    expires_at text not null
) strict;
create index sign_ins_by_person on sign_ins (organization_id, person_id);
create index sign_ins_by_end on sign_ins (expires_at);

create table api_key_hashes (
    key_hash blob primary key,
    organization_id blob not null references organizations (id),
    api_key_id blob not null
) strict;

create table api_keys (
    id blob not null,
    organization_id blob not null references organizations (id),
    name text not null,
    scopes text not null,
    -- The first characters, by which a person recognises the key.
    hint text not null,
    created_by blob,
    created_at text not null,
    last_used_at text,
    revoked_at text,
    primary key (organization_id, id)
) strict;
