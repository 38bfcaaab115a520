-- The log of one class.
create index audit_of_class on audit (organization_id, class_id, at, id);
insert into sqlite_stat1 (tbl, idx, stat) values ('audit', 'audit_of_class', '169449 169449 70 1 1');
analyze sqlite_schema;
