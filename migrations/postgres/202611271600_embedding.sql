-- Parts of ours inside a host application's pages: who may frame them, and the views that were asked for.

create table embed_origins (
    organization_id uuid not null references organizations (id),
    -- Scheme, host and port, as a browser writes them.
    origin text not null,
    created_at timestamptz not null,
    primary key (organization_id, origin)
);

create table embeds (
    id uuid not null,
    organization_id uuid not null references organizations (id),
    person_id uuid not null,
    -- connection, join or live.
    view text not null,
    -- The class of a join view.
    class_id uuid,
    -- #rrggbb.
    accent text,
    -- light or dark; null: as the reader's device.
    scheme text,
    -- en or bn; null: the person's, else the browser's.
    language text,
    -- SHA-256 of the browser's secret; null until the link was opened, which it can be once.
    secret_hash bytea,
    -- The link's end; once it was opened, the view's.
    ends_at timestamptz not null,
    created_at timestamptz not null,
    primary key (organization_id, id),
    foreign key (organization_id, person_id) references people (organization_id, id),
    foreign key (organization_id, class_id) references classes (organization_id, id)
);

create unique index embeds_by_secret on embeds (organization_id, secret_hash);
create index embeds_by_person on embeds (organization_id, person_id);
create index embeds_by_end on embeds (organization_id, ends_at);

alter table embed_origins enable row level security;
alter table embed_origins force row level security;
create policy tenant on embed_origins
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, delete on embed_origins to lectern_app;

alter table embeds enable row level security;
alter table embeds force row level security;
create policy tenant on embeds
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, update, delete on embeds to lectern_app;
