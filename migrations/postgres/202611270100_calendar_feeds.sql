-- How often the secret address of a person's calendar was made anew; the address itself is computed.

create table calendar_feeds (
    organization_id uuid not null references organizations (id),
    person_id uuid not null,
    -- What the address must carry; raised by making a new one, so that the old one dies.
    generation bigint not null,
    rotated_at timestamptz not null,
    primary key (organization_id, person_id),
    foreign key (organization_id, person_id) references people (organization_id, id)
);

alter table calendar_feeds enable row level security;
alter table calendar_feeds force row level security;
create policy tenant on calendar_feeds
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, update on calendar_feeds to lectern_app;
