-- People in groups, enrolled as a group.

create table cohorts (
    id blob not null,
    organization_id blob not null references organizations (id),
    external_id text,
    name text not null,
    created_at text not null,
    updated_at text not null,
    primary key (organization_id, id)
) strict;
create unique index cohorts_by_external on cohorts (organization_id, external_id) where external_id is not null;

create table cohort_members (
    organization_id blob not null references organizations (id),
    cohort_id blob not null,
    person_id blob not null,
    added_at text not null,
    primary key (organization_id, cohort_id, person_id),
    foreign key (organization_id, cohort_id) references cohorts (organization_id, id),
    foreign key (organization_id, person_id) references people (organization_id, id)
) strict;
create index cohort_members_of_person on cohort_members (organization_id, person_id);

create table cohort_classes (
    -- The classes a cohort is enrolled in.
    organization_id blob not null references organizations (id),
    cohort_id blob not null,
    class_id blob not null,
    added_at text not null,
    primary key (organization_id, class_id, cohort_id),
    foreign key (organization_id, cohort_id) references cohorts (organization_id, id),
    foreign key (organization_id, class_id) references classes (organization_id, id)
) strict;
create index cohort_classes_of_cohort on cohort_classes (organization_id, cohort_id);

-- Whether somebody enrolled the person themselves: such a place stays when the person's cohorts leave the class.
alter table enrollments add column by_hand integer not null default 1;
-- Taken out by hand while a cohort brought them: no cohort brings them back.
alter table enrollments add column kept_out integer not null default 0;
