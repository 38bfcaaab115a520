-- The log of one class.
create index audit_of_class on audit (organization_id, class_id, at, id);
