-- What happened, by whom. Appended, never changed; ids only, no names.

create table audit (
    id blob not null,
    organization_id blob not null references organizations (id),
    at text not null,
    kind text not null,
    actor_kind text not null,
    actor_id blob,
    class_id blob,
    session_id blob,
    person_id blob,
    details text not null,
    primary key (organization_id, id)
) strict;
create index audit_in_order on audit (organization_id, at, id);
create index audit_by_kind on audit (organization_id, kind, at);
create index audit_of_session on audit (organization_id, session_id, at);

create table idempotency_keys (
    organization_id blob not null references organizations (id),
    person_id blob not null,
    route text not null,
    idempotency_key text not null,
    body_hash blob not null,
    -- Sealed: an answer may hold what only its asker may see.
    answer blob,
    status integer,
    created_at text not null,
    primary key (organization_id, person_id, route, idempotency_key)
) strict;
