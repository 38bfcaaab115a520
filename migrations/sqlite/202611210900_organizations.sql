-- Who is on this server, and under which keys their secrets are sealed.

create table organizations (
    id blob primary key,
    slug text not null unique,
    name text not null,
    vocabulary text not null,
    state text not null,
    created_at text not null
) strict;

create table organization_keys (
    -- The organization's data key, wrapped by the master key `master_id`.
    organization_id blob not null references organizations (id),
    number integer not null,
    master_id text not null,
    wrapped blob not null,
    created_at text not null,
    primary key (organization_id, number)
) strict;

create table organization_settings (
    organization_id blob primary key references organizations (id),
    time_zone text not null,
    default_provider text not null,
    -- Join window, attendance thresholds, meeting policy: one JSON object, read as a whole.
    policies text not null,
    -- Host application's tokens: algorithm, issuer, audience; the HS256 secret is sealed.
    host_tokens text,
    host_secret blob,
    updated_at text not null
) strict;

create table host_issuers (
    -- Which organization a host application's token belongs to.
    issuer text not null,
    audience text not null,
    organization_id blob not null references organizations (id),
    primary key (issuer, audience)
) strict;

create table instance_settings (
    name text primary key,
    value text not null
) strict;
