-- Addresses of meetings that Lectern did not make: pasted by whoever teaches, sealed, and shown to nobody who joins.

create table pasted_links (
    -- The session, or the class for all its sessions that have none of their own.
    of_id blob not null,
    organization_id blob not null references organizations (id),
    class_id blob not null,
    link blob not null,
    -- The address's host, for those who teach.
    host text not null,
    updated_at text not null,
    primary key (organization_id, of_id),
    foreign key (organization_id, class_id) references classes (organization_id, id)
) strict;
