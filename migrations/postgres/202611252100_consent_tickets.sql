-- One-time addresses at which a browser in which nobody is signed in begins a consent.

create table consent_tickets (
    -- SHA-256 of the ticket; the ticket itself is never stored.
    ticket_hash bytea not null,
    organization_id uuid not null references organizations (id),
    provider text not null,
    person_id uuid not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    primary key (organization_id, ticket_hash),
    foreign key (organization_id, person_id) references people (organization_id, id)
);

alter table consent_tickets enable row level security;
alter table consent_tickets force row level security;
create policy tenant on consent_tickets
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, update, delete on consent_tickets to lectern_app;
