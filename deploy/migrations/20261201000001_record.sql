-- migrate:up

-- Two roles, made by the superuser at the set-up of the database, own nothing: `motcua_app` adds to the record and
-- reads it, `motcua_publisher` records publications. The owner acts as the second while publishing.
do $$ begin
    if not exists (select from pg_roles where rolname = 'motcua_publisher') then
        raise exception 'the role motcua_publisher is missing'
            using hint = 'as a superuser: create role motcua_publisher; grant motcua_publisher to motcua_owner;';
    end if;
end $$;
grant usage on schema public to motcua_app;
grant usage on schema public to motcua_publisher;
-- A worker checks before it starts that the tables have the schema of its version.
grant select on schema_migrations to motcua_app;

-- The record. The application role may add events and read them, nothing else (docs/ledger.md). Uniqueness by stream,
-- command and position is not checked again here: `motcua ledger verify` recomputes each hash.
create table event (
    stream text not null,
    seq integer not null,
    event_id uuid not null,
    filing_id uuid,             -- null in the streams of publications
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
    prev_hash bytea not null,
    hash bytea not null,
    bound bytea,                -- the epoch, the key and the receipt of its append
    primary key (stream, seq)
);
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
    filing_id uuid,
    agency text not null,
    digest text not null,
    seq integer not null,
    body bytea not null,
    primary key (stream, command_id)
);

-- The row that an append locks.
create table stream (
    stream text primary key,
    filing_id uuid,
    agency text not null,
    epoch integer not null default 1,
    head_seq integer not null default 0,
    head_hash bytea not null default decode(repeat('00', 32), 'hex'),
    head_at timestamptz,
    erased_at timestamptz,      -- the time of its erasure: its last event is `erased` then
    noted integer               -- the head that an append itself has noted in `unpositioned`
);
create index stream_publication on stream (stream) where filing_id is null;

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

create function refuse_publication() returns trigger language plpgsql as $$
begin
    raise exception 'what is published is recorded by motcua_publisher, and nothing else is' using errcode = '42501';
end $$;
create trigger event_publisher before insert on event for each row
    when (starts_with(new.stream, 'publication:') <> (current_user::text = 'motcua_publisher'))
    execute function refuse_publication();
create trigger stream_publisher before insert or update on stream for each row
    when (starts_with(new.stream, 'publication:') <> (current_user::text = 'motcua_publisher'))
    execute function refuse_publication();

-- `key_id` stands in the hashes of events and never changes; `wrapped_by` names the master key, with its version, that
-- wrapped the key last. Null: the one named by the first part of `key_id`.
create table filing_key (
    filing_id uuid primary key,
    agency text not null,
    key_id text not null,
    wrapped bytea not null,
    wrapped_by text
);

-- The key of the index of persons (`filing.person`); a rotation of the master key leaves it unchanged.
create table index_key (
    one boolean primary key default true check (one),
    key_id text not null,
    wrapped bytea not null,
    wrapped_by text not null
);

-- One order of all events (docs/ledger.md): the appends without a position yet, one row for each; the positions, from 1
-- without a hole; and the last position.
create table unpositioned (
    stream text not null,
    first_seq integer not null,
    last_seq integer not null,
    recorded_at timestamptz not null
);
create table position (
    position bigint primary key,
    stream text not null,
    seq integer not null,
    unique (stream, seq) include (position) -- a scan of the whole log in the order of streams needs no row of the table
);
create table sequencer (
    one boolean primary key default true check (one),
    last bigint not null
);
insert into sequencer (last) values (0);
create trigger position_rows before update or delete on position
    for each row execute function refuse_change();
create trigger position_truncate before truncate on position
    for each statement execute function refuse_change();
alter table position enable always trigger position_rows;
alter table position enable always trigger position_truncate;

-- An append notes its events as unpositioned in its own statement, and marks that in `noted`. Without the mark, as for
-- appends outside of workflows, the database notes them.
create function note_append() returns trigger
    language plpgsql security definer set search_path = '' as $$
begin
    if new.head_seq > coalesce(old.head_seq, 0) then
        insert into public.unpositioned
        values (new.stream, coalesce(old.head_seq, 0) + 1, new.head_seq, coalesce(new.head_at, clock_timestamp()));
    end if;
    return null;
end $$;
create trigger stream_noted after insert or update of head_seq on stream
    for each row when (new.noted is distinct from new.head_seq) execute function note_append();

-- Gives at most `most` appends their positions, and returns their number. Its transactions never overlap, so that a
-- reader after a position misses nothing. While another one is running, it does nothing.
create function position_appends(most integer) returns integer
    language plpgsql security definer set search_path = pg_catalog, public as $$
declare
    before bigint;
    appends integer;
    events integer;
begin
    select last into before from public.sequencer for update skip locked;
    if not found then
        return 0;
    end if;
    with taken as (
        delete from public.unpositioned where ctid = any (array(
            select ctid from public.unpositioned order by recorded_at, stream, first_seq limit most
        ))
        returning *
    ), placed as (
        insert into public.position (position, stream, seq)
        select before + row_number() over (order by recorded_at, stream, seq), stream, seq
        from taken, generate_series(first_seq, last_seq) as seq
        returning 1
    )
    select (select count(*) from taken), (select count(*) from placed) into appends, events;
    if events > 0 then
        update public.sequencer set last = before + events;
    end if;
    return appends;
end $$;
revoke execute on function position_appends(integer) from public;
grant execute on function position_appends(integer) to motcua_app;

grant select, insert on event, receipt, filing_key to motcua_app;
grant select, insert, update on stream, counter to motcua_app;
grant select, insert on index_key to motcua_app;
grant select, insert on unpositioned to motcua_app;
grant select on position, sequencer to motcua_app;
grant select, insert on event, receipt, filing_key to motcua_publisher;
grant select, insert, update on stream to motcua_publisher;

-- migrate:down
drop table sequencer, position, unpositioned, index_key, filing_key, counter, stream, receipt, event;
drop function position_appends(integer), note_append(), refuse_publication(), refuse_fall(), refuse_change();
revoke all on schema_migrations from motcua_app;
revoke usage on schema public from motcua_app, motcua_publisher;
