-- People in groups, enrolled as a group.

create table cohorts (
    id uuid not null,
    organization_id uuid not null references organizations (id),
    external_id text,
    name text not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (organization_id, id)
);

alter table cohorts enable row level security;
alter table cohorts force row level security;
create policy tenant on cohorts
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, update, delete on cohorts to lectern_app;
create unique index cohorts_by_external on cohorts (organization_id, external_id) where external_id is not null;

create table cohort_members (
    organization_id uuid not null references organizations (id),
    cohort_id uuid not null,
    person_id uuid not null,
    added_at timestamptz not null,
    primary key (organization_id, cohort_id, person_id),
    foreign key (organization_id, cohort_id) references cohorts (organization_id, id),
    foreign key (organization_id, person_id) references people (organization_id, id)
);

alter table cohort_members enable row level security;
alter table cohort_members force row level security;
create policy tenant on cohort_members
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, delete on cohort_members to lectern_app;
create index cohort_members_of_person on cohort_members (organization_id, person_id);

create table cohort_classes (
    -- The classes a cohort is enrolled in.
    organization_id uuid not null references organizations (id),
    cohort_id uuid not null,
    class_id uuid not null,
    added_at timestamptz not null,
    primary key (organization_id, class_id, cohort_id),
    foreign key (organization_id, cohort_id) references cohorts (organization_id, id),
    foreign key (organization_id, class_id) references classes (organization_id, id)
);

alter table cohort_classes enable row level security;
alter table cohort_classes force row level security;
create policy tenant on cohort_classes
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, delete on cohort_classes to lectern_app;
create index cohort_classes_of_cohort on cohort_classes (organization_id, cohort_id);

-- Whether somebody enrolled the person themselves: such a place stays when the person's cohorts leave the class.
alter table enrollments add column by_hand boolean not null default true;
-- Taken out by hand while a cohort brought them: no cohort brings them back.
alter table enrollments add column kept_out boolean not null default false;
