-- One-time addresses at which a browser in which nobody is signed in begins a consent.

create table consent_tickets (
    -- SHA-256 of the ticket; the ticket itself is never stored.
    ticket_hash blob not null,
    organization_id blob not null references organizations (id),
    provider text not null,
    person_id blob not null,
    expires_at text not null,
    used_at text,
    primary key (organization_id, ticket_hash),
    foreign key (organization_id, person_id) references people (organization_id, id)
) strict;
