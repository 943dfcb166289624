-- What appends would have left of 300,000 filings: a tenth open, the rest closed over two years; half with a payment,
-- a tenth with a parcel. Of the log no more than their first events. Indexes are made at the end, as that is quicker.
create temporary table index_of as
select c.conname as name, t.relname as of, 'alter table ' || t.relname || ' drop constraint ' || c.conname as gone,
    'alter table ' || t.relname || ' add constraint ' || c.conname || ' ' || pg_get_constraintdef(c.oid) as made
from pg_constraint c join pg_class t on t.oid = c.conrelid
where t.relname in ('filing', 'standing', 'payment', 'parcel', 'task', 'stream', 'event', 'receipt') and c.contype in ('p', 'u')
union all
select i.indexrelid::regclass::text, t.relname, 'drop index ' || i.indexrelid::regclass, pg_get_indexdef(i.indexrelid)
from pg_index i join pg_class t on t.oid = i.indrelid
where t.relname in ('filing', 'standing', 'payment', 'parcel', 'task', 'stream', 'event', 'receipt')
    and not exists (select from pg_constraint c where c.conindid = i.indexrelid);

do $$
declare one record;
begin
    for one in select * from index_of loop execute one.gone; end loop;
    for one in select distinct of from index_of loop execute 'alter table ' || one.of || ' set unlogged'; end loop;
end $$;

create temporary table made as
select n, md5('filing' || n)::uuid as filing_id, 'H' || 10 + n % 4 || '.' || 10 + n % 40 as agency, n % 10 = 0 as is_open,
    now() - interval '2 years' * (1 - n / 300000.0) as at
from generate_series(1, 300000) as n;

insert into filing
select filing_id, agency, agency || '-20261125-' || lpad(n::text, 7, '0'), '1.001193', '2026-11', 'sha', 'vn-2026', 4,
    'online', 'online', case when is_open then 4 else 9 end, case when is_open then 'review' else 'closed' end, 5, at, at,
    at + interval '5 days', case when not is_open then at + interval '4 days' end,
    case when not is_open then 'approved' end, '{}', '{}', sha256(int4send(n % 100000)), 'portal-' || n % 20, 's-' || n
from made;

insert into standing
select 'filing:' || filing_id, 'filing', filing_id, agency, 0, 'vn-2026', is_open, null, '{}' from made
union all
select 'payment:' || filing_id || ':1', 'payment', filing_id, agency, 1, 'vn-2026', is_open and n % 4 = 0,
    case when is_open or at > now() - interval '3 days' then at + interval '3 days' end, case when is_open and n % 4 = 0 then '{}' else '{fee_paid,fee_expired,fee_waived}'::text[] end
from made where n % 2 = 0
union all
select 'parcel:' || filing_id || ':1', 'parcel', filing_id, agency, 1, 'vn-2026', is_open, null,
    case when is_open then '{}' else '{parcel_failed}'::text[] end
from made where n % 10 = 1 or n % 100 = 0;

insert into payment
select 'payment:' || filing_id || ':1', filing_id, agency, 1, agency || '-20261125-P' || lpad(n::text, 7, '0'), 8000,
    case when is_open and n % 4 = 0 then 'pending' else 'paid' end, 8000, 0, 'vn-2026', at, at, 259200, 3, at, 'bank'
from made where n % 2 = 0;

insert into parcel
select 'parcel:' || filing_id || ':1', filing_id, agency, 1, agency || '-20261125-G' || lpad(n::text, 7, '0'), null,
    'sent', 'vn-2026', at, 2, at
from made where n % 10 = 1 or n % 100 = 0;

insert into task (filing_id, name, role, agency, officer, acting_for, actions, due_at, overdue, stream)
select filing_id, 'review', 'specialist', agency, case when n % 3 = 0 then 'o-' || n % 200 end,
    case when n % 30 = 0 then 'o-' || n % 190 end, '{decide,propose}',
    at + interval '5 days', at < now() - interval '5 days', 'filing:' || filing_id
from made where is_open;

insert into agency (agency, name_vi, name_en) select distinct agency, agency, agency from made on conflict do nothing;
insert into officer (agency, subject, role, name)
select agency.agency, 'o-' || n, 'specialist', 'o' from agency, generate_series(0, 199) as n;
insert into absence
select agency, subject, role, current_date - 3, current_date + 3, 'o-199' from officer where subject in ('o-60', 'o-61');

alter table stream disable trigger stream_noted;
insert into stream select stream, filing_id, agency, 1, 1 from standing;
alter table stream enable trigger stream_noted;

insert into event
select stream, 1, md5(stream)::uuid, filing_id, agency, 'submitted', 1, '{"n":1,"procedure":"1.001193"}', null, null, 'submit', '{}',
    'portal/web', now(), now(), pg_current_xact_id(), sha256('a'), sha256('b')
from standing where kind = 'filing';

insert into finding select stream, 'payment_captured', md5(stream)::uuid, '{"capture_id":"c1"}', now() - interval '1 day'
from standing where kind = 'payment';

insert into position
select (select last from sequencer) + row_number() over (), stream, seq from event where filing_id is not null;
update sequencer set last = (select max(position) from position);

insert into receipt
select 'filing:' || filing_id, 'submit', filing_id, agency, 'digest', 1,
    '{"command_id":"submit","digest":"digest","seq":1,"at":"2026-11-25T00:00:00Z"}'
from made where is_open;

do $$
declare one record;
begin
    for one in select * from index_of loop execute one.made; end loop;
end $$;

analyze;
