-- migrate:up

-- One order of all events (docs/ledger.md): what was appended and has no place in it yet, one row for each append;
-- then the places, from 1 without a hole; and the last of them.
create table unpositioned (
    stream text not null,
    first_seq integer not null check (first_seq > 0),
    last_seq integer not null check (last_seq >= first_seq),
    recorded_at timestamptz not null
);
create table position (
    position bigint not null,
    stream text not null,
    seq integer not null
);
create table sequencer (
    one boolean primary key default true check (one),
    last bigint not null
);

-- Appends of the builds before this one go on meanwhile, so the database itself notes them. It waits for those under
-- way, and they for the end of this.
create function note_append() returns trigger language plpgsql security definer set search_path = '' as $$
begin
    insert into public.unpositioned
    values (new.stream, coalesce(old.head_seq, 0) + 1, new.head_seq, coalesce(new.head_at, clock_timestamp()));
    return null;
end $$;
create trigger stream_begun after insert on stream
    for each row when (new.head_seq > 0) execute function note_append();
create trigger stream_grown after update of head_seq on stream
    for each row when (new.head_seq > old.head_seq) execute function note_append();

insert into position select row_number() over (order by recorded_at, stream, seq), stream, seq from event order by 1;
insert into sequencer (last) select count(*) from position;
alter table position add primary key (position);
-- With the position in it, a look at the whole log in the order of streams needs no row of the table.
alter table position add unique (stream, seq) include (position);
create trigger position_rows before update or delete on position
    for each row execute function refuse_change();
create trigger position_truncate before truncate on position
    for each statement execute function refuse_change();
alter table position enable always trigger position_rows;
alter table position enable always trigger position_truncate;

-- Gives what was appended its places, so many appends at a time, and says how many. Its transactions come one after
-- the other: whoever reads behind a position misses nothing. While another one is at it, there is nothing to do.
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
grant select on position, unpositioned, sequencer to motcua_app;

drop index event_xid;

-- migrate:down
create index event_xid on event (xid, stream, seq);
drop function position_appends(integer);
drop trigger stream_begun on stream;
drop trigger stream_grown on stream;
drop function note_append();
drop table sequencer, position, unpositioned;
