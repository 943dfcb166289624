-- migrate:up

-- Since when there is nobody to be known any more in the streams of a filing: each ends with the event `erased` then.
alter table stream add column erased_at timestamptz;
alter table filing add column erased_at timestamptz;

-- Who has asked for filings to be erased, and who has approved or declined it. Rows are only ever added.
create table erasure_deed (
    n bigint primary key check (n > 0),
    command_id text not null unique,
    deed text not null,
    asked bigint unique references erasure_deed,    -- what it approves or declines
    cause text,                                     -- of what is asked for
    reason text,
    officer text not null,
    agency text not null,                           -- the officer's
    at timestamptz not null
);
create trigger erasure_deed_rows before update or delete on erasure_deed
    for each row execute function refuse_change();
create trigger erasure_deed_truncate before truncate on erasure_deed
    for each statement execute function refuse_change();
alter table erasure_deed enable always trigger erasure_deed_rows;
alter table erasure_deed enable always trigger erasure_deed_truncate;

-- The filings that were asked for, and how far it is with each: erased in the record, and finished outside of it too.
create table erasure (
    request bigint not null references erasure_deed,
    filing_id uuid not null,
    agency text not null,
    erased_at timestamptz,
    finished_at timestamptz,
    primary key (request, filing_id)
);
create index erasure_filing on erasure (filing_id);
create index erasure_unfinished on erasure (request) where finished_at is null;
grant select on erasure_deed, erasure to motcua_app;

-- migrate:down
drop table erasure;
drop table erasure_deed;
alter table filing drop column erased_at;
alter table stream drop column erased_at;
