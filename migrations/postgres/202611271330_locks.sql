-- What the classes of an organization begin with and cannot choose: one JSON object, read as a whole. Empty: nothing is locked.
alter table organization_settings add column locks jsonb not null default '{}';

-- Aliases for all classes were a policy alone; the lock says the same. The owner reads all rows here and is under the policy again
-- afterwards.
alter table organization_settings no force row level security;
update organization_settings set locks = '{"aliases":"always"}' where policies ->> 'aliases' = 'always';
alter table organization_settings force row level security;
