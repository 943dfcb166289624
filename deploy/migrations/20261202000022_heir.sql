-- migrate:up
-- The agency that has what a closed agency had: its successor, or the last of a line of them; null while it is open.
create function heir_of(closed_one text) returns text
    language plpgsql stable set search_path = pg_catalog, public as $$
declare
    today constant date := (now() at time zone 'Asia/Ho_Chi_Minh')::date;
    seen text[] := array[closed_one];
    next text;
begin
    loop
        select closed ->> 'successor' into next from public.agency
            where agency = seen[cardinality(seen)] and (closed ->> 'day')::date <= today;
        exit when next is null or next = any(seen);
        seen := seen || next;
    end loop;
    return nullif(seen[cardinality(seen)], closed_one);
end $$;

-- The agencies that had a filing before it was passed on, in whose registers it stays.
alter table filing add column had_by text[] not null default '{}';
create index filing_had_by on filing using gin (had_by) where had_by <> '{}';

-- migrate:down
alter table filing drop column had_by;
drop function heir_of(text);
