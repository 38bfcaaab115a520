-- The list of people narrowed to a role, in its order; who may teach and who runs the organization are found by the same beginning.
create index people_of_role on people (organization_id, kind, role, email_key);
drop index people_by_role;
insert into sqlite_stat1 (tbl, idx, stat) values ('people', 'people_of_role', '20200 20200 10100 100 1');
analyze sqlite_schema;
