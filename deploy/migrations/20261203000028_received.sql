-- migrate:up

-- Messages of applicants that reached the door while Temporal was away, each stored before it was answered, and their
-- delivery. The moment of its arrival is the message's own: no event has such a moment without its row here.
create table received (
    id uuid primary key,        -- uuid5 of stream and command
    filing_id uuid not null,
    stream text not null,
    act text not null,          -- `submit`, `complain`, or the kind of a command
    principal text not null,    -- the program whose message it is
    content text not null,      -- SHA-256 of the message, as its statement has it; zeros once the filing is erased
    received_at timestamptz not null,
    sealed bytea not null,      -- the message, and how its sender was authenticated, by a key of the row's own
    outcome bytea,              -- the receipt or the refusal, sealed by the same key
    tries integer not null default 0,
    next_try timestamptz not null default clock_timestamp(),
    done_at timestamptz
);
create index received_stream on received (stream, received_at);
create index received_next on received (next_try) where done_at is null;
create index received_of_filing on received (filing_id);
create index received_done on received (done_at) where done_at is not null;
grant select on received to motcua_app;

create trigger received_chained after insert on received referencing new table as added for each statement
    execute function note_rows('received', 'id', 'filing_id,stream,act,principal,received_at,sealed', 'true');
alter table received enable always trigger received_chained;

-- migrate:down
drop table received;
