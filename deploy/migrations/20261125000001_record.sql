-- migrate:up

-- The record. The application role may add events and read them, nothing else (docs/ledger.md).
create table event (
    stream text not null,
    seq integer not null check (seq > 0),
    event_id uuid not null unique,
    filing_id uuid not null,
    agency text not null,
    kind text not null,
    version integer not null,
    body bytea not null,
    sealed bytea,
    key_id text,
    command_id text not null,
    actor bytea not null,
    via text not null,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    xid xid8 not null default pg_current_xact_id(),
    prev_hash bytea not null check (length(prev_hash) = 32),
    hash bytea not null check (length(hash) = 32),
    primary key (stream, seq)
);
create index event_xid on event (xid, stream, seq);
create index event_filing on event (filing_id);

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'events are never changed' using errcode = '42501';
end $$;
create trigger event_rows before update or delete on event
    for each row execute function refuse_change();
create trigger event_truncate before truncate on event
    for each statement execute function refuse_change();
alter table event enable always trigger event_rows;
alter table event enable always trigger event_truncate;

create table receipt (
    stream text not null,
    command_id text not null,
    filing_id uuid not null,
    agency text not null,
    digest text not null,
    seq integer not null,
    body bytea not null,
    primary key (stream, command_id)
);

create table stream (
    stream text primary key,
    filing_id uuid not null,
    agency text not null,
    epoch integer not null default 1,
    head_seq integer not null default 0,
    head_hash bytea not null default decode(repeat('00', 32), 'hex'),
    head_at timestamptz
);

create table counter (
    agency text not null,
    kind text not null,
    period text not null,
    last integer not null,
    primary key (agency, kind, period)
);

create function refuse_fall() returns trigger language plpgsql as $$
begin
    raise exception '% never goes back', tg_table_name using errcode = '42501';
end $$;
create trigger counter_rises before update on counter
    for each row when (new.last <= old.last) execute function refuse_fall();
create trigger stream_rises before update on stream
    for each row when (new.head_seq < old.head_seq or new.epoch < old.epoch) execute function refuse_fall();

create table filing_key (
    filing_id uuid primary key,
    agency text not null,
    key_id text not null,
    wrapped bytea not null
);

-- migrate:down
drop table filing_key, counter, stream, receipt, event;
drop function refuse_fall();
drop function refuse_change();
