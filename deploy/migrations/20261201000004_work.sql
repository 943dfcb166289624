-- migrate:up

-- Signals that could not be used, stored sealed for the operator.
create table inbox (
    id uuid primary key,
    stream text not null,
    filing_id uuid not null,
    agency text not null,
    signal text not null,
    problem text not null,
    at timestamptz not null,
    sealed bytea not null,
    key_id text not null
);
create index inbox_stream on inbox (stream, at);
grant select, insert on inbox to motcua_app;

-- Papers that an event requires and that are not made yet: a row is written with the event, and deleted once the paper
-- is made. A failed try leaves its reason, until one succeeds.
create table outbox (
    stream text not null,
    seq integer not null,
    paper text not null,
    filing_id uuid not null,
    agency text not null,
    tries integer not null default 0,
    problem text,
    written_at timestamptz not null default clock_timestamp(),
    next_try timestamptz not null default clock_timestamp(),
    primary key (stream, seq, paper)
);
create index outbox_next on outbox (next_try);
grant select, insert, update, delete on outbox to motcua_app;

-- Signed callbacks of providers, and their delivery to the payment concerned.
-- The same statement of the same amount is one row, however often it comes. There is only one unique index: with two, a
-- concurrent copy could conflict on the other one first, and fail instead of being recognised.
create table callback (
    id uuid primary key,        -- uuid5 of provider, reference, transaction, said and amount
    provider text not null,
    reference text not null,    -- as received; empty if only the memo has it
    transaction text not null,
    said text[] not null,
    amount bigint not null,
    outcome text not null,
    at timestamptz,
    memo bytea,                 -- sealed by the filing's key, or by the row's own while the filing is unknown
    verdict text not null,
    stream text,                -- the payment, once it is known
    agency text not null default '',
    received_at timestamptz not null default clock_timestamp(),
    tries integer not null default 0,
    next_try timestamptz not null default clock_timestamp(),
    driven_at timestamptz,      -- since when the payment's own stream has it
    demanded text,              -- the payment request concerned, once known
    told_at timestamptz         -- since when Temporal has it for the payment; lost if Temporal loses its data
);
create index callback_undriven on callback (next_try) where driven_at is null and verdict <> 'suspense';
create index callback_suspense on callback (received_at) where verdict = 'suspense';
create index callback_waiting on callback (received_at) where verdict in ('suspense', 'to_give_back');
-- For the check, before a payment's event is recorded, that its callback is here.
create index callback_of_stream on callback (stream, transaction);
grant select, insert on callback to motcua_app;
grant update (verdict, stream, agency, tries, next_try, driven_at, demanded, told_at) on callback to motcua_app;

-- Officers' steps about money that names no demand, in order: one requests a use of it, another approves. Rows are only
-- ever added.
create table suspense_step (
    callback uuid not null references callback (id),
    n integer not null check (n > 0),
    command_id text not null,
    step text not null,
    officer text not null,
    agency text not null,
    stream text,                -- the payment that the money is for
    reason bytea,               -- sealed by the key of the callback
    means text,
    bank_reference text,
    evidence jsonb,             -- a file in the object store, under the callback's id
    at timestamptz not null default clock_timestamp(),
    primary key (callback, n),
    unique (callback, command_id)
);
grant select, insert on suspense_step to motcua_app;

-- The calls to a provider for a refund, each noted before it is made, once for each recorded request (refund_asked).
-- `known`: the provider has acknowledged the request.
create table refund_call (
    stream text not null,
    of_case integer not null,
    n integer not null,
    agency text not null,
    known boolean not null,
    at timestamptz not null default clock_timestamp(),
    primary key (stream, of_case, n, known)
);
grant select, insert on refund_call to motcua_app;

-- The end of the certificate of a file's newest time-stamp, so that the file is not read again before: null without a
-- time-stamp. It depends on the file alone, and the table may be emptied at any time.
create table stamp (
    sha256 text primary key,
    agency text not null,
    until timestamptz
);
grant select, insert on stamp to motcua_app;

-- The builds of the platform: the formats that each can read, its last start, and the last time it became current.
create table build (
    build text primary key,
    reads jsonb not null,
    started_at timestamptz not null default clock_timestamp(),
    promoted_at timestamptz
);
grant select, insert, update, delete on build to motcua_app;

-- The ids of the keys by which workers have encrypted payloads, in order: the last is the current one, and without any
-- nothing is encrypted. The keys themselves are not here.
create table codec_key (
    n bigint generated always as identity primary key,
    key_id text not null unique,
    since timestamptz not null default clock_timestamp()
);
grant select, insert on codec_key to motcua_app;

-- Processes whose clock differs much from the record's, by name, with the time of the last report.
create table clock_off (
    process text primary key,
    seconds integer not null,       -- by which the record is ahead
    at timestamptz not null
);
grant select, insert, update on clock_off to motcua_app;

-- migrate:down
drop table clock_off, codec_key, build, stamp, refund_call, suspense_step, callback, outbox, inbox;
