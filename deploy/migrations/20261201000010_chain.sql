-- migrate:up

-- One chain of the rows that are only ever added beside the log (docs/ledger.md): a trigger notes each with its digest as
-- it is written; the sequencer gives it its place later, in batches, so that no writer waits.
create table unchained (
    source text not null,       -- the table, with a name behind a dot if some columns are written later than others
    row_key text not null,
    digest bytea not null,
    noted_at timestamptz not null default clock_timestamp()
);
create table chained (
    n bigint primary key,       -- from 1 without a hole
    source text not null,
    row_key text not null,
    digest bytea not null
);
create table row_batch (
    n bigint primary key,       -- from 0 without a hole
    last bigint not null,       -- the last row of the batch; it begins behind that of the batch before
    hash bytea not null         -- SHA-256 of the hash of the batch before and the digests of its rows, in order
);
insert into row_batch values (0, 0, decode(repeat('00', 32), 'hex'));

create function row_field(value text) returns bytea language sql immutable parallel safe
return case when value is null then '\xffffffff'::bytea
    else int4send(octet_length(convert_to(value, 'UTF8'))) || convert_to(value, 'UTF8') end;

-- The statement that notes rows of `rows`: `keys` and `others` are their columns, joined by commas.
create function row_note(source text, keys text, others text, filter text, rows text) returns text
    language sql immutable set search_path = pg_catalog, public as $$
select format(
    'insert into public.unchained (source, row_key, digest) select %L, concat_ws('' '', %s), sha256(%s) from %s as a where %s',
    source,
    (select string_agg(format('a.%I::text', name), ', ' order by place)
     from unnest(string_to_array(keys, ',')) with ordinality as k (name, place)),
    (select format('public.row_field(%L)', source) || string_agg(format(' || public.row_field(a.%I::text)', name), '' order by place)
     from unnest(string_to_array(keys || ',' || others, ',')) with ordinality as c (name, place)),
    rows,
    filter
)
$$;

-- Columns are hashed as PostgreSQL writes them under these settings.
create function note_rows() returns trigger
    language plpgsql security definer
    set search_path = '' set timezone = 'UTC' set datestyle = 'ISO, YMD' set bytea_output = 'hex' as $$
begin
    execute public.row_note(tg_argv[0], tg_argv[1], tg_argv[2], tg_argv[3], 'added');
    return null;
end $$;

create trigger access_chained after insert on access referencing new table as added for each statement
    execute function note_rows('access', 'look,filing_id', 'agency,stream,question,role,actor_agency,subject,principal,key_id,statement,sealed,sealed_by,at', 'true');
create trigger callback_chained after insert on callback referencing new table as added for each statement
    execute function note_rows('callback', 'id', 'provider,reference,transaction,said,amount,outcome,at,memo,received_at', 'true');
create trigger suspense_step_chained after insert on suspense_step referencing new table as added for each statement
    execute function note_rows('suspense_step', 'callback,n', 'command_id,step,officer,agency,stream,reason,means,bank_reference,at,via', 'true');
create trigger refund_call_chained after insert on refund_call referencing new table as added for each statement
    execute function note_rows('refund_call', 'stream,of_case,n,known', 'agency,at', 'true');
create trigger codec_key_chained after insert on codec_key referencing new table as added for each statement
    execute function note_rows('codec_key', 'n', 'key_id,since', 'true');
create trigger till_chained after insert on till referencing new table as added for each statement
    execute function note_rows('till', 'number', 'agency,desk,cashier,change_fund,command_id,opened_at', 'true');
create trigger till_cash_chained after insert on till_cash referencing new table as added for each statement
    execute function note_rows('till_cash', 'stream,seq', 'agency,till', 'true');
create trigger till_count_chained after insert on till_count referencing new table as added for each statement
    execute function note_rows('till_count', 'till,n', 'agency,officer,counted,notes,movements,command_id,counted_at', 'true');
create trigger till_closing_chained after insert on till_closing referencing new table as added for each statement
    execute function note_rows('till_closing', 'till', 'agency,officer,expected,counted,reason,command_id,closed_at', 'true');
create trigger principal_change_chained after insert on principal_change referencing new table as added for each statement
    execute function note_rows('principal_change', 'n', 'command_id,principal,change,asked,waits,body,officer,agency,reason,at', 'true');
create trigger erasure_deed_chained after insert on erasure_deed referencing new table as added for each statement
    execute function note_rows('erasure_deed', 'n', 'command_id,deed,asked,cause,reason,officer,agency,at,via', 'true');
create trigger erasure_chained after insert on erasure referencing new table as added for each statement
    execute function note_rows('erasure', 'request,filing_id', 'agency', 'true');
create trigger export_request_chained after insert on export_request referencing new table as added for each statement
    execute function note_rows('export_request', 'n', 'reason,officer,agency,asked_at', 'true');
create trigger export_answer_chained after update on export_request referencing new table as added for each statement
    execute function note_rows('export_request.answer', 'n', 'given,answered_by,answered_at,declined_because', 'given is not null');

-- Every trigger of this kind works in each session, and the rows that were there before are noted now.
do $$
declare
    found record;
begin
    set local timezone = 'UTC';
    set local datestyle = 'ISO, YMD';
    set local bytea_output = 'hex';
    for found in
        select tgname, tgrelid::regclass as of, regexp_split_to_array(encode(tgargs, 'escape'), '\\000') as args
        from pg_trigger where tgfoid = 'note_rows'::regproc order by tgname
    loop
        execute format('alter table %s enable always trigger %I', found.of, found.tgname);
        execute row_note(found.args[1], found.args[2], found.args[3], found.args[4], found.of::text);
    end loop;
end $$;

create trigger chained_rows before update or delete on chained
    for each row execute function refuse_change();
create trigger chained_truncate before truncate on chained
    for each statement execute function refuse_change();
create trigger row_batch_rows before update or delete on row_batch
    for each row execute function refuse_change();
create trigger row_batch_truncate before truncate on row_batch
    for each statement execute function refuse_change();
alter table chained enable always trigger chained_rows;
alter table chained enable always trigger chained_truncate;
alter table row_batch enable always trigger row_batch_rows;
alter table row_batch enable always trigger row_batch_truncate;

-- Gives at most `most` rows their places in one batch, and returns their number; 0 while another one is running.
create function chain_rows(most integer) returns bigint
    language plpgsql security definer set search_path = pg_catalog, public as $$
declare
    before public.row_batch;
    reached bigint;
begin
    perform from public.row_batch where n = 0 for update skip locked;
    if not found then
        return 0;
    end if;
    select * into before from public.row_batch order by n desc limit 1;
    with taken as (
        delete from public.unchained where ctid = any (array(
            select ctid from public.unchained order by noted_at, source, row_key limit most
        ))
        returning *
    ), placed as (
        insert into public.chained (n, source, row_key, digest)
        select before.last + row_number() over (order by noted_at, source, row_key), source, row_key, digest from taken
        returning n, digest
    )
    insert into public.row_batch (n, last, hash)
    select before.n + 1, max(n), sha256(before.hash || string_agg(digest, ''::bytea order by n))
    from placed having count(*) > 0 returning last into reached;
    return coalesce(reached - before.last, 0);
end $$;
revoke execute on function chain_rows(integer) from public;
grant execute on function chain_rows(integer) to motcua_app;
grant select on unchained, chained, row_batch to motcua_app;

-- migrate:down
drop trigger access_chained on access;
drop trigger callback_chained on callback;
drop trigger suspense_step_chained on suspense_step;
drop trigger refund_call_chained on refund_call;
drop trigger codec_key_chained on codec_key;
drop trigger till_chained on till;
drop trigger till_cash_chained on till_cash;
drop trigger till_count_chained on till_count;
drop trigger till_closing_chained on till_closing;
drop trigger principal_change_chained on principal_change;
drop trigger erasure_deed_chained on erasure_deed;
drop trigger erasure_chained on erasure;
drop trigger export_request_chained on export_request;
drop trigger export_answer_chained on export_request;
drop table row_batch, chained, unchained;
drop function chain_rows(integer), note_rows(), row_note(text, text, text, text, text), row_field(text);
