-- What lists of tens of thousands need: totals beside the rows they count, the words people and classes are found by, and indexes.

create table totals (
    -- Kept by the triggers below, whichever release writes the rows: no page counts them.
    organization_id uuid not null references organizations (id),
    -- A class, a session or a cohort.
    of_id uuid not null,
    -- member, guest: who belongs to a class. marked, came: of a session's attendance. people, classes: of a cohort.
    what text not null,
    number bigint not null,
    primary key (organization_id, of_id, what)
);

-- In the order of their keys, so that two who change the same totals wait for each other and not in a circle.
create function count_enrollments() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        insert into totals (organization_id, of_id, what, number)
            select organization_id, of_id, what, sum(n) from (
                select organization_id, class_id as of_id, kind as what, 1 as n from added where state = 'active') changes
            group by organization_id, of_id, what having sum(n) <> 0 order by organization_id, of_id, what
            on conflict (organization_id, of_id, what) do update set number = totals.number + excluded.number;
    elsif tg_op = 'DELETE' then
        insert into totals (organization_id, of_id, what, number)
            select organization_id, of_id, what, sum(n) from (
                select organization_id, class_id as of_id, kind as what, -1 as n from removed where state = 'active') changes
            group by organization_id, of_id, what having sum(n) <> 0 order by organization_id, of_id, what
            on conflict (organization_id, of_id, what) do update set number = totals.number + excluded.number;
    else
        insert into totals (organization_id, of_id, what, number)
            select organization_id, of_id, what, sum(n) from (
                select organization_id, class_id as of_id, kind as what, -1 as n from removed where state = 'active'
                union all select organization_id, class_id as of_id, kind as what, 1 as n from added where state = 'active') changes
            group by organization_id, of_id, what having sum(n) <> 0 order by organization_id, of_id, what
            on conflict (organization_id, of_id, what) do update set number = totals.number + excluded.number;
    end if;
    return null;
end $$;
create trigger totals_added after insert on enrollments referencing new table as added for each statement execute function count_enrollments();
create trigger totals_changed after update on enrollments referencing old table as removed new table as added for each statement execute function count_enrollments();
create trigger totals_removed after delete on enrollments referencing old table as removed for each statement execute function count_enrollments();

create function count_attendance() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        insert into totals (organization_id, of_id, what, number)
            select organization_id, of_id, what, sum(n) from (
                select organization_id, session_id as of_id, 'marked' as what, 1 as n from added
                union all select organization_id, session_id as of_id, 'came' as what, 1 as n from added where state in ('present', 'late', 'left_early')) changes
            group by organization_id, of_id, what having sum(n) <> 0 order by organization_id, of_id, what
            on conflict (organization_id, of_id, what) do update set number = totals.number + excluded.number;
    elsif tg_op = 'DELETE' then
        insert into totals (organization_id, of_id, what, number)
            select organization_id, of_id, what, sum(n) from (
                select organization_id, session_id as of_id, 'marked' as what, -1 as n from removed
                union all select organization_id, session_id as of_id, 'came' as what, -1 as n from removed where state in ('present', 'late', 'left_early')) changes
            group by organization_id, of_id, what having sum(n) <> 0 order by organization_id, of_id, what
            on conflict (organization_id, of_id, what) do update set number = totals.number + excluded.number;
    else
        insert into totals (organization_id, of_id, what, number)
            select organization_id, of_id, what, sum(n) from (
                select organization_id, session_id as of_id, 'marked' as what, -1 as n from removed
                union all select organization_id, session_id as of_id, 'came' as what, -1 as n from removed where state in ('present', 'late', 'left_early')
                union all select organization_id, session_id as of_id, 'marked' as what, 1 as n from added
                union all select organization_id, session_id as of_id, 'came' as what, 1 as n from added where state in ('present', 'late', 'left_early')) changes
            group by organization_id, of_id, what having sum(n) <> 0 order by organization_id, of_id, what
            on conflict (organization_id, of_id, what) do update set number = totals.number + excluded.number;
    end if;
    return null;
end $$;
create trigger totals_added after insert on attendance referencing new table as added for each statement execute function count_attendance();
create trigger totals_changed after update on attendance referencing old table as removed new table as added for each statement execute function count_attendance();
create trigger totals_removed after delete on attendance referencing old table as removed for each statement execute function count_attendance();

create function count_cohort_members() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        insert into totals (organization_id, of_id, what, number)
            select organization_id, of_id, what, sum(n) from (
                select organization_id, cohort_id as of_id, 'people' as what, 1 as n from added) changes
            group by organization_id, of_id, what having sum(n) <> 0 order by organization_id, of_id, what
            on conflict (organization_id, of_id, what) do update set number = totals.number + excluded.number;
    elsif tg_op = 'DELETE' then
        insert into totals (organization_id, of_id, what, number)
            select organization_id, of_id, what, sum(n) from (
                select organization_id, cohort_id as of_id, 'people' as what, -1 as n from removed) changes
            group by organization_id, of_id, what having sum(n) <> 0 order by organization_id, of_id, what
            on conflict (organization_id, of_id, what) do update set number = totals.number + excluded.number;
    end if;
    return null;
end $$;
create trigger totals_added after insert on cohort_members referencing new table as added for each statement execute function count_cohort_members();
create trigger totals_removed after delete on cohort_members referencing old table as removed for each statement execute function count_cohort_members();

create function count_cohort_classes() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        insert into totals (organization_id, of_id, what, number)
            select organization_id, of_id, what, sum(n) from (
                select organization_id, cohort_id as of_id, 'classes' as what, 1 as n from added) changes
            group by organization_id, of_id, what having sum(n) <> 0 order by organization_id, of_id, what
            on conflict (organization_id, of_id, what) do update set number = totals.number + excluded.number;
    elsif tg_op = 'DELETE' then
        insert into totals (organization_id, of_id, what, number)
            select organization_id, of_id, what, sum(n) from (
                select organization_id, cohort_id as of_id, 'classes' as what, -1 as n from removed) changes
            group by organization_id, of_id, what having sum(n) <> 0 order by organization_id, of_id, what
            on conflict (organization_id, of_id, what) do update set number = totals.number + excluded.number;
    end if;
    return null;
end $$;
create trigger totals_added after insert on cohort_classes referencing new table as added for each statement execute function count_cohort_classes();
create trigger totals_removed after delete on cohort_classes referencing old table as removed for each statement execute function count_cohort_classes();

-- Also for rows that are loaded past the foreign keys.
alter table enrollments enable always trigger totals_added, enable always trigger totals_changed, enable always trigger totals_removed;
alter table attendance enable always trigger totals_added, enable always trigger totals_changed, enable always trigger totals_removed;
alter table cohort_members enable always trigger totals_added, enable always trigger totals_removed;
alter table cohort_classes enable always trigger totals_added, enable always trigger totals_removed;

-- The owner is no tenant: for this once it sees everybody's rows.
alter table enrollments no force row level security;
alter table attendance no force row level security;
alter table cohort_members no force row level security;
alter table cohort_classes no force row level security;
insert into totals (organization_id, of_id, what, number)
    select organization_id, class_id, kind, count(*) from enrollments where state = 'active' group by organization_id, class_id, kind;
insert into totals (organization_id, of_id, what, number)
    select organization_id, session_id, 'marked', count(*) from attendance group by organization_id, session_id;
insert into totals (organization_id, of_id, what, number)
    select organization_id, session_id, 'came', count(*) from attendance where state in ('present', 'late', 'left_early') group by organization_id, session_id;
insert into totals (organization_id, of_id, what, number)
    select organization_id, cohort_id, 'people', count(*) from cohort_members group by organization_id, cohort_id;
insert into totals (organization_id, of_id, what, number)
    select organization_id, cohort_id, 'classes', count(*) from cohort_classes group by organization_id, cohort_id;
alter table enrollments force row level security;
alter table attendance force row level security;
alter table cohort_members force row level security;
alter table cohort_classes force row level security;

alter table totals enable row level security;
alter table totals force row level security;
create policy tenant on totals
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, update on totals to lectern_app;

create table search_words (
    organization_id uuid not null references organizations (id),
    -- person, class.
    kind text not null,
    -- In small letters: of a name or a title, or a whole address. In the order of its bytes, as SQLite has it.
    word text collate "C" not null,
    of_id uuid not null,
    primary key (organization_id, kind, word, of_id)
);

alter table search_words enable row level security;
alter table search_words force row level security;
create policy tenant on search_words
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, delete on search_words to lectern_app;
create index search_words_of on search_words (organization_id, kind, of_id, word);

-- By what a list asks for first, then by its order to the last column: SQLite goes by an index it need not sort behind.
create index sessions_of_class_in_order on sessions (organization_id, class_id, starts_at, id);
drop index sessions_of_class;
create index sessions_ahead on sessions (organization_id, class_id, ends_at) where state in ('scheduled', 'live');
create index sessions_scheduled on sessions (organization_id, starts_at) where state = 'scheduled';
create index sessions_ended on sessions (organization_id, ended_at) where state = 'ended';
create index sessions_by_end on sessions (organization_id, ends_at);
create index meetings_by_session on meetings (organization_id, session_id);
create index people_by_role on people (organization_id, kind, role);
create index audit_of_kind on audit (organization_id, kind, at, id);
drop index audit_by_kind;
create index audit_of_session_in_order on audit (organization_id, session_id, at, id);
drop index audit_of_session;
create index audit_about on audit (organization_id, person_id, at, id);
create index audit_by_actor on audit (organization_id, actor_id, at, id);
create index mails_of_links on mails (organization_id, session_id, sent_at) where kind in ('join', 'guest_invite');
