-- How much an organization may have, as whoever runs the server decided. Null, and no row: no limit.

create table organization_limits (
    organization_id blob primary key references organizations (id),
    -- Who may sign in.
    people integer,
    -- Not archived.
    classes integer,
    -- Running at the same time.
    live_sessions integer,
    updated_at text not null
) strict;
