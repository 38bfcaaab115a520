-- What happened, by whom. Appended, never changed; ids only, no names.

create table audit (
    id uuid not null,
    organization_id uuid not null references organizations (id),
    at timestamptz not null,
    kind text not null,
    actor_kind text not null,
    actor_id uuid,
    class_id uuid,
    session_id uuid,
    person_id uuid,
    details jsonb not null,
    primary key (organization_id, id)
);

alter table audit enable row level security;
alter table audit force row level security;
create policy tenant on audit
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, update, delete on audit to lectern_app;
create index audit_in_order on audit (organization_id, at, id);
create index audit_by_kind on audit (organization_id, kind, at);
create index audit_of_session on audit (organization_id, session_id, at);

create table idempotency_keys (
    organization_id uuid not null references organizations (id),
    person_id uuid not null,
    route text not null,
    idempotency_key text not null,
    body_hash bytea not null,
    -- Sealed: an answer may hold what only its asker may see.
    answer bytea,
    status bigint,
    created_at timestamptz not null,
    primary key (organization_id, person_id, route, idempotency_key)
);

alter table idempotency_keys enable row level security;
alter table idempotency_keys force row level security;
create policy tenant on idempotency_keys
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, update, delete on idempotency_keys to lectern_app;
