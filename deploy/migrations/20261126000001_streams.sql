-- migrate:up

-- Where each stream stands, whatever its kind: what must have a workflow, and by which calendar it goes.
create table standing (
    stream text primary key,
    kind text not null,
    filing_id uuid not null,
    agency text not null,
    n integer not null,
    calendar text,
    open boolean not null,
    watched_until timestamptz,
    heard_as text[] not null
);
create index standing_filing on standing (filing_id);
create index standing_open on standing (kind, stream) where open;
create index standing_watched on standing (kind, watched_until) where watched_until is not null;
create index standing_untold on standing (kind, filing_id) where heard_as <> '{}';

insert into standing
select 'filing:' || filing_id, 'filing', filing_id, agency, 0, calendar, closed_at is null, null, '{}'
from filing;
insert into standing
select stream, 'payment', filing_id, agency, n, calendar,
    state = 'pending' or captured - refunded > case state when 'paid' then amount else 0 end,
    settled_at + make_interval(secs => watch_seconds),
    case when state in ('paid', 'expired') then '{fee_paid,fee_expired,fee_waived}'::text[] else '{}' end
from payment;
insert into standing
select stream, 'parcel', filing_id, agency, n, calendar, state in ('requested', 'sent'), null,
    case when state in ('requested', 'sent') then '{}' else '{parcel_failed}'::text[] end
from parcel;

-- A task belongs to a stream, and to the agency that must act.
alter table task add column stream text;
update task set stream = 'filing:' || filing_id;
alter table task alter column stream set not null;
alter table task drop constraint task_pkey;
alter table task add primary key (filing_id, stream, name, agency, role);
alter table task drop column code, drop column procedure;

alter table filing add column client_id text, add column submission_id text;
create index filing_client on filing (client_id, filing_id);
drop index filing_person;
create index filing_person on filing (person, filing_id);
alter table payment add column provider text not null default 'bank';

-- Signals that could not be used: kept, sealed, for the operator.
create table inbox (
    id uuid primary key,
    stream text not null,
    filing_id uuid not null,
    agency text not null,
    signal text not null,
    problem text not null,
    at timestamptz not null,
    sealed bytea not null,
    key_id text not null
);
create index inbox_stream on inbox (stream, at);

grant select, insert, update, delete on standing to motcua_app;
grant select, insert on inbox to motcua_app;

-- migrate:down
drop table inbox, standing;
alter table payment drop column provider;
alter table filing drop column client_id, drop column submission_id;
truncate task;
drop index filing_person;
create index filing_person on filing (person, procedure) where closed_at is null;
alter table task drop constraint task_pkey;
alter table task drop column stream, add column code text not null, add column procedure text not null;
alter table task add primary key (filing_id, name, role);
