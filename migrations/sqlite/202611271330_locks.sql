-- What the classes of an organization begin with and cannot choose: one JSON object, read as a whole. Empty: nothing is locked.
alter table organization_settings add column locks text not null default '{}';

-- Aliases for all classes were a policy alone; the lock says the same.
update organization_settings set locks = '{"aliases":"always"}' where json_extract(policies, '$.aliases') = 'always';
