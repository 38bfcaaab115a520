-- Notices: which were planned for which start, who wants what, and what was seen.

create table planned_notices (
    -- One row for each start of a session and each lead: people are told once.
    organization_id uuid not null references organizations (id),
    session_id uuid not null,
    -- reminder, preflight.
    kind text not null,
    starts_at timestamptz not null,
    lead_minutes bigint not null,
    planned_at timestamptz not null,
    primary key (organization_id, session_id, kind, starts_at, lead_minutes),
    foreign key (organization_id, session_id) references sessions (organization_id, id)
);

alter table planned_notices enable row level security;
alter table planned_notices force row level security;
create policy tenant on planned_notices
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert on planned_notices to lectern_app;

create table notice_choices (
    -- What a person chose; without a row they get both.
    organization_id uuid not null references organizations (id),
    kind text not null,
    person_id uuid not null,
    mail boolean not null,
    live boolean not null,
    updated_at timestamptz not null,
    primary key (organization_id, kind, person_id),
    foreign key (organization_id, person_id) references people (organization_id, id)
);

alter table notice_choices enable row level security;
alter table notice_choices force row level security;
create policy tenant on notice_choices
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, update on notice_choices to lectern_app;

alter table mails add column seen_at timestamptz;
create index mails_wanted on mails (organization_id, session_id, kind, id) where state = 'wanted';
create index mails_of_person on mails (organization_id, person_id, id);
