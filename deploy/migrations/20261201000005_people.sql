-- migrate:up

-- Every change of the principals, the programs that may send messages to the platform, in order, with officer and
-- reason. Rows are only ever added; the tables below are their fold. `body` is the change as RFC 8785 JSON.
create table principal_change (
    n bigint primary key check (n > 0),
    command_id text not null unique,
    principal text not null,
    change text not null,
    asked bigint unique references principal_change,    -- the change that it approves or declines
    waits boolean not null,                             -- until another approves it
    body bytea not null,
    officer text not null,
    agency text not null,                               -- the officer's
    reason text,
    at timestamptz not null
);
create index principal_change_principal on principal_change (principal, n);
create trigger principal_change_rows before update or delete on principal_change
    for each row execute function refuse_change();
create trigger principal_change_truncate before truncate on principal_change
    for each statement execute function refuse_change();
alter table principal_change enable always trigger principal_change_rows;
alter table principal_change enable always trigger principal_change_truncate;

create table principal (
    principal text primary key,
    agency text not null,       -- the agency that it belongs to; '*': none
    name text not null,
    kind text not null,
    grants jsonb not null
);

create table principal_key (
    key_id text primary key,
    principal text not null references principal,
    agency text not null,
    public_key text not null unique,
    valid_from timestamptz not null,
    valid_until timestamptz not null check (valid_until > valid_from),
    revoked_at timestamptz
);
create index principal_key_principal on principal_key (principal);

-- The number of the last change: a change locks this row, and processes read it to see whether their keys are current.
create table principal_version (
    one boolean primary key default true check (one),
    version bigint not null,
    by_two boolean not null default false,      -- whether a change that widens rights waits for a second operator
    -- The secret by which a workflow run proves to the next one that it was this platform's: Temporal never sees it.
    secret bytea not null default sha256((gen_random_uuid()::text || gen_random_uuid()::text)::bytea)
);
insert into principal_version (version) values (0);
grant select on principal_change, principal, principal_key, principal_version to motcua_app;

-- Accesses to filings: one row for each filing that an answer showed. Rows are only ever added (docs/access.md).
create table access (
    look uuid not null,             -- the answered run of `View`: once, however often it was retried
    filing_id uuid not null,
    agency text not null,           -- the filing's
    stream text not null,           -- the stream of the question; for a list, the filing's own
    question text not null,
    role text,                      -- null if a program asked for itself, for no person
    actor_agency text,
    subject text,                   -- an officer, or the filing's pseudonym of an applicant or representative
    principal text not null,
    key_id text not null,           -- of the key that signed the statement
    statement text not null,        -- its sha256
    sealed bytea,                   -- the applicant's identity, and the reason for the access
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

-- Requests to erase filings, approvals and refusals, with their officers. Rows are only ever added.
create table erasure_deed (
    n bigint primary key check (n > 0),
    command_id text not null unique,
    deed text not null,
    asked bigint unique references erasure_deed,    -- the request that it approves or declines
    cause text,                                     -- of a request
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

-- The filings of each request, and their progress: erased in the record, then finished outside of it too.
create table erasure (
    request bigint not null references erasure_deed,
    filing_id uuid not null,
    agency text not null,
    erased_at timestamptz,
    finished_at timestamptz,
    -- The reason why the last try failed: the type of the error, or the rules that forbade it; no personal data. It
    -- stays, but no longer counts, once the filing is finished.
    problem text,
    primary key (request, filing_id)
);
create index erasure_filing on erasure (filing_id);
create index erasure_unfinished on erasure (request) where finished_at is null;
grant select on erasure_deed, erasure to motcua_app;

-- Persons' requests for all data held about them, and their answers. The person is not stored: an officer's reason
-- names a paper.
create table export_request (
    n bigint generated always as identity primary key,
    reason text not null,
    officer text not null,
    agency text not null,                           -- the officer's
    asked_at timestamptz not null default clock_timestamp(),
    given boolean,                                  -- false: declined; null while it waits
    answered_by text,
    answered_at timestamptz,
    declined_because text,
    check ((given is null) = (answered_at is null) and (given is null) = (answered_by is null)),
    check ((declined_because is not null) = (given is false))
);
grant select on export_request to motcua_app;

-- migrate:down
drop table export_request, erasure, erasure_deed, access, principal_version, principal_key, principal, principal_change;
