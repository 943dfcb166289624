-- migrate:up

-- Signals that could not be used: kept, sealed, for the operator.
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

-- Papers that an event has caused and that nobody has made yet: written with the event, gone once they are made.
-- What was tried in vain stands here with the reason, until it succeeds.
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
    driven_at timestamptz,      -- once the payment's own stream has it
    demanded text,              -- of which request it speaks, once that is known
    told_at timestamptz         -- once Temporal took it for the payment: an engine that loses its data loses that too
);
create index callback_undriven on callback (next_try) where driven_at is null and verdict <> 'suspense';
create index callback_suspense on callback (received_at) where verdict = 'suspense';
create index callback_waiting on callback (received_at) where verdict in ('suspense', 'to_give_back');
-- What a payment was told is looked for here before it is recorded.
create index callback_of_stream on callback (stream, transaction);
grant select, insert on callback to motcua_app;
grant update (verdict, stream, agency, tries, next_try, driven_at, demanded, told_at) on callback to motcua_app;

-- What officers have said about money that names no demand, in the order in which they did: one asks what is to become
-- of it, another approves. Rows are only ever added.
create table suspense_step (
    callback uuid not null references callback (id),
    n integer not null check (n > 0),
    command_id text not null,
    step text not null,
    officer text not null,
    agency text not null,
    stream text,                -- the payment that it is to go to
    reason bytea,               -- sealed by the key of the callback
    means text,
    bank_reference text,
    evidence jsonb,             -- a file in the object store, of the callback's id
    at timestamptz not null default clock_timestamp(),
    primary key (callback, n),
    unique (callback, command_id)
);
grant select, insert on suspense_step to motcua_app;

-- The calls by which a provider is asked to give money back, each noted before it is made, once for each time that it is
-- recorded (refund_asked). Where it is `known`, the provider has answered that it has the request.
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

-- Until when the certificate of the newest time-stamp over a file holds, so that it is not read again before: null
-- where there is none. It follows from the file alone, and may be emptied at any time.
create table stamp (
    sha256 text primary key,
    agency text not null,
    until timestamptz
);
grant select, insert on stamp to motcua_app;

-- The builds of the platform: what each can read, when it started last, and when everything was last handed to it.
create table build (
    build text primary key,
    reads jsonb not null,
    started_at timestamptz not null default clock_timestamp(),
    promoted_at timestamptz
);
grant select, insert, update, delete on build to motcua_app;

-- The keys by which workers have sealed what passes Temporal, by their ids and in their order: the last is the current
-- one, and without any nothing is sealed. Of the keys themselves nothing is here.
create table codec_key (
    n bigint generated always as identity primary key,
    key_id text not null unique,
    since timestamptz not null default clock_timestamp()
);
grant select, insert on codec_key to motcua_app;

-- Processes whose clock differs much from the record's, each by its name, when it last said so.
create table clock_off (
    process text primary key,
    seconds integer not null,       -- by so much the record is ahead
    at timestamptz not null
);
grant select, insert, update on clock_off to motcua_app;

-- migrate:down
drop table clock_off, codec_key, build, stamp, refund_call, suspense_step, callback, outbox, inbox;
