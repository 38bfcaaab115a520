-- Addresses of meetings that Lectern did not make: pasted by whoever teaches, sealed, and shown to nobody who joins.

create table pasted_links (
    -- The session, or the class for all its sessions that have none of their own.
    of_id uuid not null,
    organization_id uuid not null references organizations (id),
    class_id uuid not null,
    link bytea not null,
    -- The address's host, for those who teach.
    host text not null,
    updated_at timestamptz not null,
    primary key (organization_id, of_id),
    foreign key (organization_id, class_id) references classes (organization_id, id)
);

alter table pasted_links enable row level security;
alter table pasted_links force row level security;
create policy tenant on pasted_links
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, update, delete on pasted_links to lectern_app;
