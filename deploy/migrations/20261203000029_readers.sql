-- migrate:up

-- The role of the process that answers readers. Made by the superuser, it owns nothing (docs/access.md).
do $$ begin
    if not exists (select from pg_roles where rolname = 'motcua_gateway') then
        raise exception 'the role motcua_gateway is missing'
            using hint = 'as a superuser: create role motcua_gateway login password ''…'';';
    end if;
end $$;
grant usage on schema public to motcua_gateway;

-- The readers of each filing, a fold of its streams: `agency:` with a code, `filer:` with the program that filed it,
-- `applicant:` and `representative:` with a keyed digest, `link:` with the digest of the link to its result.
create table reader (
    reader text not null,
    filing_id uuid not null,
    until timestamptz,          -- the end of a representative's last day
    primary key (reader, filing_id)
);
create index reader_filing on reader (filing_id);
grant select, insert, update, delete on reader to motcua_app;

-- The key of a page of tasks. PostgreSQL takes `coalesce` for leaky: under a policy, an index on it can't be searched.
alter table task add column due_key timestamptz generated always as (coalesce(due_at, 'infinity')) stored;
drop index task_due, task_role, task_officer, task_acting_for;
create index task_due on task (due_key, stream, name, agency, role);
create index task_role on task (agency, role, due_key, stream, name);
create index task_officer on task (officer, due_key, stream, name) where officer is not null;
create index task_acting_for on task (acting_for, due_key, stream, name) where acting_for is not null;

-- Rows of these tables are shown to motcua_gateway only if they are of a filing that one of the transaction's readers
-- has, by the setting `motcua.readers` (names joined by commas, `*` for all): without the setting, none. Other roles
-- see every row. The shape of the conditions is measured (docs/access.md): no function, no `in`, and `limit 1`, since
-- PostgreSQL would otherwise hash all filings of a reader.
do $$
declare
    readers constant text := '(select string_to_array(current_setting(''motcua.readers'', true), '',''))::text[]';
    agencies constant text := '(select array(select substr(one, 8) from unnest(' || readers || ') as one'
        ' where starts_with(one, ''agency:'')))::text[]';
    of_a_reader constant text := 'coalesce((select true from reader where reader.filing_id = %1$I.filing_id limit 1), false)';
    found record;
begin
    for found in
        select name, format(condition, name) as condition from (
            values ('reader', format('''*'' = any(%1$s) or (reader = any(%1$s) and (until is null or until > now()))', readers)),
                ('task', format('agency = any(%s) or ''*'' = any(%s)', agencies, readers)),
                ('absence', format('agency = any(%s) or ''*'' = any(%s)', agencies, readers)),
                ('event', of_a_reader), ('stream', of_a_reader), ('receipt', of_a_reader), ('filing', of_a_reader),
                ('filing_key', of_a_reader || ' or exists (select from received where received.id = %1$I.filing_id)'),
                ('access', of_a_reader)
        ) as one (name, condition)
    loop
        execute format('alter table %I enable row level security, force row level security', found.name);
        execute format('create policy of_readers on %I as restrictive to motcua_gateway using (%s)', found.name, found.condition);
        if found.name <> 'filing_key' then
            execute format('create policy everybody on %I using (true)', found.name);
        end if;
    end loop;
end $$;
create policy keys_of_readers on filing_key to motcua_gateway using (not withheld);
create policy keys_of_owner on filing_key to motcua_owner using (true);

grant select on reader, task, absence, event, stream, receipt, filing, filing_key to motcua_gateway;
grant select, insert on access, question_statement to motcua_gateway;
-- Messages that the door keeps while Temporal is away, each with a key of its own.
grant select, insert on received to motcua_gateway;
grant update (outcome, tries, next_try, done_at) on received to motcua_gateway;
grant insert on filing_key to motcua_gateway;
grant insert, update, select on clock_off to motcua_gateway;
-- Of nobody's filing, and without numbers of persons and the record's secret.
grant select on procedure, calendar, principal, principal_key, index_key, codec_key, schema_migrations to motcua_gateway;
grant select (version) on principal_version to motcua_gateway;
grant select (agency, subject, role, name, active) on officer to motcua_gateway;
grant select (agency, name_vi, name_en, kind, province, queue, merchants, closed) on agency to motcua_gateway;

-- Answers about filings that have no readers among those who may ask: sums, a status, the heads of awaited streams.
create function open_filings(of_agency text) returns table (agency text, status integer, filings bigint, late bigint)
    language sql stable security definer set search_path = pg_catalog, public as $$
select agency, status, count(*), count(*) filter (where overdue <> '{}') from public.filing
where closed_at is null and (of_agency is null or agency = of_agency) group by agency, status order by agency, status
$$;
create function tracked(dossier_code text) returns table (code text, status integer, erased_at timestamptz)
    language sql stable security definer set search_path = pg_catalog, public as $$
select code, status, erased_at from public.filing where code = dossier_code
$$;
create function heads_of(streams text[]) returns table (stream text, head_seq integer)
    language sql stable security definer set search_path = pg_catalog, public as $$
select stream, head_seq from public.stream where stream = any(streams)
$$;
revoke execute on function open_filings(text), tracked(text), heads_of(text[]) from public;
grant execute on function open_filings(text), tracked(text), heads_of(text[]) to motcua_app, motcua_gateway;

-- migrate:down
drop function heads_of(text[]), tracked(text), open_filings(text);
revoke all on all tables in schema public from motcua_gateway;
revoke usage on schema public from motcua_gateway;
drop policy keys_of_owner on filing_key;
drop policy keys_of_readers on filing_key;
drop policy of_readers on filing_key;
alter table filing_key no force row level security;
do $$
declare
    name text;
begin
    foreach name in array array['reader', 'task', 'absence', 'event', 'stream', 'receipt', 'filing', 'access'] loop
        execute format('drop policy of_readers on %I', name);
        execute format('drop policy everybody on %I', name);
        execute format('alter table %I disable row level security, no force row level security', name);
    end loop;
end $$;
drop index task_due, task_role, task_officer, task_acting_for;
create index task_due on task (coalesce(due_at, 'infinity'), stream, name, agency, role);
create index task_role on task (agency, role, coalesce(due_at, 'infinity'), stream, name);
create index task_officer on task (officer, coalesce(due_at, 'infinity'), stream, name) where officer is not null;
create index task_acting_for on task (acting_for, coalesce(due_at, 'infinity'), stream, name) where acting_for is not null;
alter table task drop column due_key;
drop table reader;
