-- A platform lets a host's meetings be made and changed so many times in a day; counted here by host.

create table host_writes (
    organization_id uuid not null references organizations (id),
    provider text not null,
    -- The host's id at the platform, or their address.
    host text not null,
    -- UTC: YYYY-MM-DD.
    day text not null,
    writes bigint not null,
    primary key (organization_id, provider, host, day)
);

alter table host_writes enable row level security;
alter table host_writes force row level security;
create policy tenant on host_writes
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, update, delete on host_writes to lectern_app;
