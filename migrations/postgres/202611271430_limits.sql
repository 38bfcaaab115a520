-- How much an organization may have, as whoever runs the server decided. Null, and no row: no limit.

create table organization_limits (
    organization_id uuid primary key references organizations (id),
    -- Who may sign in.
    people bigint,
    -- Not archived.
    classes bigint,
    -- Running at the same time.
    live_sessions bigint,
    updated_at timestamptz not null
);

alter table organization_limits enable row level security;
alter table organization_limits force row level security;
create policy tenant on organization_limits
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, update, delete on organization_limits to lectern_app;
