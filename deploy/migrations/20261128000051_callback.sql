-- migrate:up

-- What those who take money have told us, signed, and whether the payment that it is about has heard of it.
-- The same statement of the same amount is one row, however often it comes. There is one unique index alone: of two, a
-- copy that comes at the same moment would meet the other one first, and fail in place of being known.
create table callback (
    id uuid primary key,        -- uuid5 of provider, reference, transaction, said and amount
    provider text not null,
    reference text not null,    -- as it was said; empty where a memo alone tells
    transaction text not null,
    said text[] not null,
    amount bigint not null,
    outcome text not null,
    at timestamptz,
    memo bytea,                 -- sealed by the key of the filing, or while that is not known by one of the row's own
    verdict text not null,
    stream text,                -- the payment, once it is known
    agency text not null default '',
    received_at timestamptz not null default clock_timestamp(),
    tries integer not null default 0,
    next_try timestamptz not null default clock_timestamp(),
    driven_at timestamptz
);
create index callback_undriven on callback (next_try) where driven_at is null and verdict <> 'suspense';
create index callback_suspense on callback (received_at) where verdict = 'suspense';
-- A transfer is found by the beginning of its reference: banks cut memos.
create index payment_beginning on payment (provider, left(reference, 10));
grant select, insert on callback to motcua_app;
grant update (verdict, stream, agency, tries, next_try, driven_at) on callback to motcua_app;

-- migrate:down
drop index payment_beginning;
drop table callback;
