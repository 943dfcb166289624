-- migrate:up

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

-- migrate:down
drop table outbox;
