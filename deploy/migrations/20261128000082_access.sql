-- migrate:up

-- Who has looked at a filing: one row for each filing that an answer showed. Rows are only ever added (docs/access.md).
create table access (
    look uuid not null,             -- the run of `View` that was answered: once, however often it was tried
    filing_id uuid not null,
    agency text not null,           -- the filing's
    stream text not null,           -- what was asked about; of a list, the filing's own
    question text not null,
    role text,                      -- null where a program asked by itself, for nobody
    actor_agency text,
    subject text,                   -- an officer; for applicants and representatives the filing's pseudonym of them
    principal text not null,
    key_id text not null,           -- by which the statement was signed
    statement text not null,        -- its sha256
    sealed bytea,                   -- who an applicant is, and why somebody looked
    sealed_by text,                 -- the filing's key
    at timestamptz not null default clock_timestamp(),
    primary key (look, filing_id)
);
create index access_filing on access (filing_id, at desc, look desc);
create index access_at on access (at);
create trigger access_rows before update or delete on access
    for each row execute function refuse_change();
create trigger access_truncate before truncate on access
    for each statement execute function refuse_change();
alter table access enable always trigger access_rows;
alter table access enable always trigger access_truncate;
grant select, insert on access to motcua_app;

-- migrate:down
drop table access;
