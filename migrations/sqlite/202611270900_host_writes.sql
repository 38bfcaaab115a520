-- A platform lets a host's meetings be made and changed so many times in a day; counted here by host.

create table host_writes (
    organization_id blob not null references organizations (id),
    provider text not null,
    -- The host's id at the platform, or their address.
    host text not null,
    -- UTC: YYYY-MM-DD.
    day text not null,
    writes integer not null,
    primary key (organization_id, provider, host, day)
) strict;
