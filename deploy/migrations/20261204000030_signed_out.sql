-- migrate:up

-- Persons who have signed out everywhere, as their providers of identities say, while a token from before may count.
-- Nothing personal, no part of the record. The door adds rows, and can't take one back.
create table signed_out (
    person bytea not null,          -- HMAC over the issuer's short name and the subject there
    at timestamptz not null,        -- no token of an authentication at or before this moment counts
    primary key (person, at)
);
create index signed_out_at on signed_out (at);
grant select, insert on signed_out to motcua_gateway;
grant select, delete on signed_out to motcua_app;

-- The row of the register by which anybody may ask for a result's status: by its number, or the digest of its file.
create function result_of(which text) returns table (
    number text, filing_id uuid, agency text, n integer, state text, issued_at timestamptz, expires_on date,
    overtaken_at timestamptz, ended_at timestamptz, replaced_by text
) language sql stable security definer set search_path = pg_catalog, public as $$
select number, filing_id, agency, n, state, issued_at, expires_on, overtaken_at, ended_at, replaced_by
from public.result as r where r.number = which or sha256 = which or renewed @> array[which]
order by r.number desc limit 1
$$;
revoke execute on function result_of(text) from public;
grant execute on function result_of(text) to motcua_app, motcua_gateway;

-- migrate:down
drop function result_of(text);
drop table signed_out;
