-- Classes that people book, some for money. No card number ever comes here: people pay on pages of the payment service.

create table payment_settings (
    organization_id blob primary key references organizations (id),
    -- Sealed.
    secret_key blob not null,
    webhook_secret blob,
    -- The account behind the key, as it last answered.
    account_name text,
    -- Real money, by the key's own word.
    live integer not null,
    tested_at text,
    updated_at text not null
) strict;

create table payment_events (
    -- Events of the payment service that were followed: each once.
    organization_id blob not null references organizations (id),
    event_id text not null,
    received_at text not null,
    primary key (organization_id, event_id)
) strict;

create table offers (
    organization_id blob not null references organizations (id),
    class_id blob not null,
    -- open, closed.
    state text not null,
    -- In the currency's smallest unit; 0: free.
    price integer not null,
    currency text not null,
    -- None: as many as come.
    seats integer,
    opens_at text,
    closes_at text,
    -- Whole refund until so many hours before the next session.
    refund_hours integer not null,
    updated_at text not null,
    primary key (organization_id, class_id),
    foreign key (organization_id, class_id) references classes (organization_id, id)
) strict;

create table bookings (
    id blob not null,
    organization_id blob not null references organizations (id),
    class_id blob not null,
    person_id blob not null,
    -- held, waiting, confirmed, expired, cancelled, refunding, refunded, refund_failed.
    state text not null,
    price integer not null,
    currency text not null,
    -- Which page of the payment service: each has a key of its own.
    attempt integer not null,
    checkout_id text,
    -- Sealed: whoever has it can pay.
    checkout_url blob,
    payment_intent text,
    -- A held seat is free again then, unless it was paid.
    held_until text,
    refund_id text,
    problem text,
    created_at text not null,
    updated_at text not null,
    primary key (organization_id, id),
    foreign key (organization_id, class_id) references classes (organization_id, id),
    foreign key (organization_id, person_id) references people (organization_id, id)
) strict;
create unique index bookings_living on bookings (organization_id, class_id, person_id) where state in ('held', 'waiting', 'confirmed');
create index bookings_of_class on bookings (organization_id, class_id, state, created_at, id);
create index bookings_by_checkout on bookings (organization_id, checkout_id) where checkout_id is not null;
create index bookings_by_payment on bookings (organization_id, payment_intent) where payment_intent is not null;
create index bookings_due on bookings (organization_id, held_until) where state = 'held';
