-- migrate:up

create table filing (
    filing_id uuid primary key,
    agency text not null,
    code text not null unique,
    procedure text not null,
    version text not null,
    procedure_sha256 text not null,
    calendar text not null,
    level integer not null,
    channel text not null,
    result_channel text not null,
    status integer not null,
    stage text not null,
    seq integer not null,
    submitted_at timestamptz not null,
    accepted_at timestamptz,
    due_at timestamptz,
    closed_at timestamptz,
    outcome text,
    overdue text[] not null,
    possible_duplicates text[] not null,
    person bytea,
    client_id text,
    submission_id text,
    erased_at timestamptz
);
-- No index has a column that changes with every event: each write would then update all indexes.
create index filing_person on filing (person, filing_id);
create index filing_running on filing (filing_id) where closed_at is null;
create index filing_open on filing (agency) where closed_at is null;
create index filing_client on filing (client_id, filing_id);
-- For a client with a million filings who queries the thousand open ones.
create index filing_client_open on filing (client_id, filing_id) where closed_at is null;
-- For comparing a new version of a procedure with its open filings, page by page.
create index filing_procedure_open on filing (procedure, filing_id) where closed_at is null;
-- For the register of an agency: the filings of a period, page by page.
create index filing_register on filing (agency, submitted_at, filing_id);

-- A task belongs to a stream, and to the agency that must act. It is written only when it changes.
create table task (
    filing_id uuid not null,
    name text not null,
    role text not null,
    agency text not null,
    officer text,
    actions text[] not null,
    due_at timestamptz,
    overdue boolean not null,
    stream text not null,
    acting_for text,            -- the absent officer in whose place the task's officer has it
    primary key (filing_id, stream, name, agency, role)
);
-- Pages of tasks in reading order: of everybody, of a role of an agency, of an officer.
create index task_due on task (coalesce(due_at, 'infinity'), stream, name, agency, role);
create index task_role on task (agency, role, coalesce(due_at, 'infinity'), stream, name);
create index task_officer on task (officer, coalesce(due_at, 'infinity'), stream, name) where officer is not null;
create index task_acting_for on task (acting_for, coalesce(due_at, 'infinity'), stream, name) where acting_for is not null;

create table payment (
    stream text primary key,
    filing_id uuid not null,
    agency text not null,
    n integer not null,
    number text not null unique,
    amount bigint not null,
    state text not null,
    captured bigint not null,
    refunded bigint not null,
    calendar text not null,
    due_at timestamptz not null,
    settled_at timestamptz,
    watch_seconds integer not null,
    seq integer not null,
    requested_at timestamptz not null,
    provider text not null default 'bank',
    reference text,             -- the reference in a provider's callback
    renewed text[],             -- `provider:reference` of each further request
    renewed_beginnings text[]   -- the same, with the beginning of the reference that remains if a bank cuts the memo
);
create index payment_filing on payment (filing_id);
create unique index payment_reference on payment (reference);
-- A transfer is found by the beginning of its reference: banks cut memos.
create index payment_beginning on payment (provider, left(reference, 10));
create index payment_renewed on payment using gin (renewed);
create index payment_renewed_beginning on payment using gin (renewed_beginnings);

create table parcel (
    stream text primary key,
    filing_id uuid not null,
    agency text not null,
    n integer not null,
    number text not null unique,
    waybill text,
    state text not null,
    calendar text not null,
    due_at timestamptz not null,
    seq integer not null,
    requested_at timestamptz not null
);
create index parcel_filing on parcel (filing_id);

-- The status of each stream of any kind: whether it must have a workflow, and its calendar.
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

-- The register of results (sổ kết quả), one row a number. The filing's stream and the result's own stream write
-- different columns, in any order.
create table result (
    number text primary key,
    filing_id uuid not null,
    agency text not null,
    n integer not null,
    outcome text,
    sha256 text,
    issued_at timestamptz,
    expires_on date,
    copies integer,
    overtaken_at timestamptz,
    state text not null default 'in_force',
    ended_at timestamptz,
    corrects text,
    replaced_by text,
    renewed text[] not null default '{}'
);
create index result_filing on result (filing_id);
create index result_agency on result (agency, issued_at);
create index result_file on result (sha256);
create index result_renewed on result using gin (renewed);

-- The register of receipts for money (sổ biên lai), one row a number, void ones too. `given`: by an outside service.
create table money_receipt (
    number text primary key,
    filing_id uuid not null,
    agency text not null,
    kind text not null,
    series text not null,
    given boolean not null,
    fee integer not null,
    amount bigint not null,
    issued_at timestamptz not null,
    voided_at timestamptz,
    replaces text
);
create index money_receipt_agency on money_receipt (agency, issued_at);
create index money_receipt_filing on money_receipt (filing_id);
create index money_receipt_replaces on money_receipt (replaces) where replaces is not null;

grant select, insert, update, delete on filing, task, payment, parcel to motcua_app;
grant select, insert, update, delete on standing to motcua_app;
grant select, insert, update, delete on result, money_receipt to motcua_app;

-- migrate:down
drop table money_receipt, result, standing, parcel, payment, task, filing;
