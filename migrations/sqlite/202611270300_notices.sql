-- Notices: which were planned for which start, who wants what, and what was seen.

create table planned_notices (
    -- One row for each start of a session and each lead: people are told once.
    organization_id blob not null references organizations (id),
    session_id blob not null,
    -- reminder, preflight.
    kind text not null,
    starts_at text not null,
    lead_minutes integer not null,
    planned_at text not null,
    primary key (organization_id, session_id, kind, starts_at, lead_minutes),
    foreign key (organization_id, session_id) references sessions (organization_id, id)
) strict;

create table notice_choices (
    -- What a person chose; without a row they get both.
    organization_id blob not null references organizations (id),
    kind text not null,
    person_id blob not null,
    mail integer not null,
    live integer not null,
    updated_at text not null,
    primary key (organization_id, kind, person_id),
    foreign key (organization_id, person_id) references people (organization_id, id)
) strict;

alter table mails add column seen_at text;
create index mails_wanted on mails (organization_id, session_id, kind, id) where state = 'wanted';
create index mails_of_person on mails (organization_id, person_id, id);
