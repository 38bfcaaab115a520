-- How often the secret address of a person's calendar was made anew; the address itself is computed.

create table calendar_feeds (
    organization_id blob not null references organizations (id),
    person_id blob not null,
    -- What the address must carry; raised by making a new one, so that the old one dies.
    generation integer not null,
    rotated_at text not null,
    primary key (organization_id, person_id),
    foreign key (organization_id, person_id) references people (organization_id, id)
) strict;
