-- A person's own attendance is read by person.
create index attendance_of_person on attendance (organization_id, person_id, session_id);
insert into sqlite_stat1 (tbl, idx, stat) values ('attendance', 'attendance_of_person', '985121 985121 50 1');
analyze sqlite_schema;
