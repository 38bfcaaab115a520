-- Tickets that open one live socket where neither cookie nor header can: ids only, short-lived, used once.

create table live_tickets (
    -- SHA-256 of the ticket; the ticket itself is never stored.
    ticket_hash blob primary key,
    organization_id blob not null references organizations (id),
    person_id blob not null,
    -- How its asker was signed in, so that the socket ends with that sign-in: the sign-in's hash or the API key's id.
    via text not null,
    via_ref blob,
    expires_at text not null
) strict;
create index live_tickets_by_end on live_tickets (expires_at);
