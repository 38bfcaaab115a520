-- The list of people narrowed to a role, in its order; who may teach and who runs the organization are found by the same beginning.
create index people_of_role on people (organization_id, kind, role, email_key);
drop index people_by_role;
