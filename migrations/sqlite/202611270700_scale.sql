-- What lists of tens of thousands need: totals beside the rows they count, the words people and classes are found by, and indexes.

create table totals (
    -- Kept by the triggers below, whichever release writes the rows: no page counts them.
    organization_id blob not null references organizations (id),
    -- A class, a session or a cohort.
    of_id blob not null,
    -- member, guest: who belongs to a class. marked, came: of a session's attendance. people, classes: of a cohort.
    what text not null,
    number integer not null,
    primary key (organization_id, of_id, what)
) strict;

create trigger totals_of_enrollments_added after insert on enrollments when new.state = 'active' begin
    insert into totals (organization_id, of_id, what, number) values (new.organization_id, new.class_id, new.kind, 1)
        on conflict (organization_id, of_id, what) do update set number = number + 1;
end;
create trigger totals_of_enrollments_changed after update of class_id, kind, state on enrollments begin
    update totals set number = number - 1
        where old.state = 'active' and organization_id = old.organization_id and of_id = old.class_id and what = old.kind;
    insert into totals (organization_id, of_id, what, number) select new.organization_id, new.class_id, new.kind, 1 where new.state = 'active'
        on conflict (organization_id, of_id, what) do update set number = number + 1;
end;
create trigger totals_of_enrollments_removed after delete on enrollments when old.state = 'active' begin
    update totals set number = number - 1 where organization_id = old.organization_id and of_id = old.class_id and what = old.kind;
end;

create trigger totals_of_attendance_added after insert on attendance begin
    insert into totals (organization_id, of_id, what, number) values (new.organization_id, new.session_id, 'marked', 1)
        on conflict (organization_id, of_id, what) do update set number = number + 1;
    insert into totals (organization_id, of_id, what, number) select new.organization_id, new.session_id, 'came', 1 where new.state in ('present', 'late', 'left_early')
        on conflict (organization_id, of_id, what) do update set number = number + 1;
end;
create trigger totals_of_attendance_changed after update of state on attendance when old.state <> new.state begin
    update totals set number = number - 1
        where old.state in ('present', 'late', 'left_early') and organization_id = old.organization_id and of_id = old.session_id and what = 'came';
    insert into totals (organization_id, of_id, what, number) select new.organization_id, new.session_id, 'came', 1 where new.state in ('present', 'late', 'left_early')
        on conflict (organization_id, of_id, what) do update set number = number + 1;
end;
create trigger totals_of_attendance_removed after delete on attendance begin
    update totals set number = number - 1 where organization_id = old.organization_id and of_id = old.session_id
        and (what = 'marked' or (what = 'came' and old.state in ('present', 'late', 'left_early')));
end;

create trigger totals_of_members_added after insert on cohort_members begin
    insert into totals (organization_id, of_id, what, number) values (new.organization_id, new.cohort_id, 'people', 1)
        on conflict (organization_id, of_id, what) do update set number = number + 1;
end;
create trigger totals_of_members_removed after delete on cohort_members begin
    update totals set number = number - 1 where organization_id = old.organization_id and of_id = old.cohort_id and what = 'people';
end;
create trigger totals_of_cohort_classes_added after insert on cohort_classes begin
    insert into totals (organization_id, of_id, what, number) values (new.organization_id, new.cohort_id, 'classes', 1)
        on conflict (organization_id, of_id, what) do update set number = number + 1;
end;
create trigger totals_of_cohort_classes_removed after delete on cohort_classes begin
    update totals set number = number - 1 where organization_id = old.organization_id and of_id = old.cohort_id and what = 'classes';
end;

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

create table search_words (
    organization_id blob not null references organizations (id),
    -- person, class.
    kind text not null,
    -- In small letters: of a name or a title, or a whole address.
    word text not null,
    of_id blob not null,
    primary key (organization_id, kind, word, of_id)
) strict;
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

-- SQLite chooses among indexes by these figures of a large school, which are the same on every server, whatever it holds: without any
-- it takes an organization for ten rows. They are rows, and rows a key, as ANALYZE counts them.
analyze sqlite_schema;
delete from sqlite_stat1;
insert into sqlite_stat1 (tbl, idx, stat) values
    ('attendance', 'sqlite_autoindex_attendance_1', '985121 985121 41 1'),
    ('audit', 'audit_about', '169449 169449 10 1 1'),
    ('audit', 'audit_by_actor', '169449 169449 844 1 1'),
    ('audit', 'audit_in_order', '169449 169449 1 1'),
    ('audit', 'audit_of_kind', '169449 169449 42363 1 1'),
    ('audit', 'audit_of_session_in_order', '169449 169449 7 1 1'),
    ('audit', 'sqlite_autoindex_audit_1', '169449 169449 1'),
    ('bookings', 'bookings_by_checkout', '2000 2000 1'),
    ('bookings', 'bookings_by_payment', '2000 2000 1'),
    ('bookings', 'bookings_living', '1800 1800 36 1'),
    ('bookings', 'bookings_of_class', '2000 2000 40 20 1 1'),
    ('bookings', 'sqlite_autoindex_bookings_1', '2000 2000 1'),
    ('classes', 'classes_in_order', '2000 2000 2000 1'),
    ('classes', 'classes_of_instructor', '2000 2000 10 10'),
    ('classes', 'sqlite_autoindex_classes_1', '2000 2000 1'),
    ('cohort_classes', 'cohort_classes_of_cohort', '500 500 5'),
    ('cohort_classes', 'sqlite_autoindex_cohort_classes_1', '500 500 1 1'),
    ('cohort_members', 'cohort_members_of_person', '20000 20000 1'),
    ('cohort_members', 'sqlite_autoindex_cohort_members_1', '20000 20000 200 1'),
    ('cohorts', 'sqlite_autoindex_cohorts_1', '100 100 1'),
    ('enrollments', 'enrollments_of_person', '82724 82724 5 4'),
    ('enrollments', 'enrollments_once', '82724 82724 42 1'),
    ('enrollments', 'sqlite_autoindex_enrollments_1', '82724 82724 1'),
    ('guest_sessions', 'sqlite_autoindex_guest_sessions_1', '2500 2500 1 1'),
    ('mails', 'mails_of_links', '41494 41494 14 14'),
    ('mails', 'mails_of_person', '124482 124482 9 1'),
    ('mails', 'mails_once', '124482 124482 9 5 1'),
    ('mails', 'sqlite_autoindex_mails_1', '124482 124482 1'),
    ('meetings', 'meetings_by_provider_id', '25726 25726 25726 1'),
    ('meetings', 'meetings_by_session', '25726 25726 1'),
    ('meetings', 'meetings_of_session', '1519 1519 1'),
    ('meetings', 'sqlite_autoindex_meetings_1', '25726 25726 1'),
    ('notice_choices', 'sqlite_autoindex_notice_choices_1', '500 500 500 1'),
    ('organizations', 'sqlite_autoindex_organizations_1', '1 1'),
    ('organizations', 'sqlite_autoindex_organizations_2', '1 1'),
    ('people', 'people_by_email', '19796 19796 1'),
    ('people', 'people_by_role', '20200 20200 10100 100'),
    ('people', 'people_in_order', '20200 20200 10100 1'),
    ('people', 'sqlite_autoindex_people_1', '20200 20200 1'),
    ('planned_notices', 'sqlite_autoindex_planned_notices_1', '25000 25000 1 1 1 1'),
    ('presences', 'presences_by_registrant', '50554 50554 41 1'),
    ('presences', 'sqlite_autoindex_presences_1', '50554 50554 41 41 41 1 1'),
    ('reconciliations', 'sqlite_autoindex_reconciliations_1', '24207 24207 1'),
    ('registrants', 'registrants_by_state', '50554 50554 1000 1'),
    ('registrants', 'registrants_of_session', '50554 50554 41'),
    ('registrants', 'registrants_once', '50554 50554 40 1 1'),
    ('registrants', 'sqlite_autoindex_registrants_1', '50554 50554 1'),
    ('runs', 'runs_of_session', '1240 1240 1'),
    ('runs', 'sqlite_autoindex_runs_1', '1240 1240 1 1'),
    ('search_words', 'search_words_of', '109000 109000 54500 5 1'),
    ('search_words', 'sqlite_autoindex_search_words_1', '109000 109000 54500 3 1'),
    ('seats', 'seats_once', '50554 50554 41 1'),
    ('seats', 'sqlite_autoindex_seats_1', '50554 50554 1'),
    ('series', 'series_active', '667 667 1'),
    ('series', 'series_of_class', '2000 2000 1'),
    ('series', 'sqlite_autoindex_series_1', '2000 2000 1'),
    ('sessions', 'sessions_ahead', '24794 24794 19 1'),
    ('sessions', 'sessions_by_end', '50000 50000 11'),
    ('sessions', 'sessions_ended', '24207 24207 11'),
    ('sessions', 'sessions_in_order', '50000 50000 11 1'),
    ('sessions', 'sessions_live', '14 14 14'),
    ('sessions', 'sessions_of_class_in_order', '50000 50000 25 1 1'),
    ('sessions', 'sessions_of_series', '50000 50000 25 1'),
    ('sessions', 'sessions_scheduled', '24780 24780 11'),
    ('sessions', 'sqlite_autoindex_sessions_1', '50000 50000 1'),
    ('totals', 'sqlite_autoindex_totals_1', '54000 54000 2 1'),
    ('webhook_deliveries', 'sqlite_autoindex_webhook_deliveries_1', '20000 20000 1'),
    ('webhook_deliveries', 'webhook_deliveries_due', '400 400 400 1'),
    ('webhook_deliveries', 'webhook_deliveries_in_order', '20000 20000 10000 1 1'),
    ('webhook_deliveries', 'webhook_deliveries_old', '20000 20000 1'),
    ('webhook_deliveries', 'webhook_deliveries_once', '20000 20000 10000 1'),
    ('webhook_endpoints', 'sqlite_autoindex_webhook_endpoints_1', '1 1 1');
analyze sqlite_schema;
