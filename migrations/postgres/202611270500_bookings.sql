-- Classes that people book, some for money. No card number ever comes here: people pay on pages of the payment service.

create table payment_settings (
    organization_id uuid primary key references organizations (id),
    -- Sealed.
    secret_key bytea not null,
    webhook_secret bytea,
    -- The account behind the key, as it last answered.
    account_name text,
    -- Real money, by the key's own word.
    live boolean not null,
    tested_at timestamptz,
    updated_at timestamptz not null
);

alter table payment_settings enable row level security;
alter table payment_settings force row level security;
create policy tenant on payment_settings
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, update, delete on payment_settings to lectern_app;

create table payment_events (
    -- Events of the payment service that were followed: each once.
    organization_id uuid not null references organizations (id),
    event_id text not null,
    received_at timestamptz not null,
    primary key (organization_id, event_id)
);

alter table payment_events enable row level security;
alter table payment_events force row level security;
create policy tenant on payment_events
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, delete on payment_events to lectern_app;

create table offers (
    organization_id uuid not null references organizations (id),
    class_id uuid not null,
    -- open, closed.
    state text not null,
    -- In the currency's smallest unit; 0: free.
    price bigint not null,
    currency text not null,
    -- None: as many as come.
    seats bigint,
    opens_at timestamptz,
    closes_at timestamptz,
    -- Whole refund until so many hours before the next session.
    refund_hours bigint not null,
    updated_at timestamptz not null,
    primary key (organization_id, class_id),
    foreign key (organization_id, class_id) references classes (organization_id, id)
);

alter table offers enable row level security;
alter table offers force row level security;
create policy tenant on offers
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, update, delete on offers to lectern_app;

create table bookings (
    id uuid not null,
    organization_id uuid not null references organizations (id),
    class_id uuid not null,
    person_id uuid not null,
    -- held, waiting, confirmed, expired, cancelled, refunding, refunded, refund_failed.
    state text not null,
    price bigint not null,
    currency text not null,
    -- Which page of the payment service: each has a key of its own.
    attempt bigint not null,
    checkout_id text,
    -- Sealed: whoever has it can pay.
    checkout_url bytea,
    payment_intent text,
    -- A held seat is free again then, unless it was paid.
    held_until timestamptz,
    refund_id text,
    problem text,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (organization_id, id),
    foreign key (organization_id, class_id) references classes (organization_id, id),
    foreign key (organization_id, person_id) references people (organization_id, id)
);

alter table bookings enable row level security;
alter table bookings force row level security;
create policy tenant on bookings
    using (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid)
    with check (organization_id = nullif(current_setting('lectern.organization', true), '')::uuid);
grant select, insert, update on bookings to lectern_app;
create unique index bookings_living on bookings (organization_id, class_id, person_id) where state in ('held', 'waiting', 'confirmed');
create index bookings_of_class on bookings (organization_id, class_id, state, created_at, id);
create index bookings_by_checkout on bookings (organization_id, checkout_id) where checkout_id is not null;
create index bookings_by_payment on bookings (organization_id, payment_intent) where payment_intent is not null;
create index bookings_due on bookings (organization_id, held_until) where state = 'held';
