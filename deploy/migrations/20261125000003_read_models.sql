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
    person bytea
);
create index filing_person on filing (person, procedure) where closed_at is null;
create index filing_running on filing (filing_id) where closed_at is null;
create index filing_open on filing (agency, status) where closed_at is null;

create table task (
    filing_id uuid not null,
    name text not null,
    role text not null,
    agency text not null,
    code text not null,
    procedure text not null,
    officer text,
    actions text[] not null,
    due_at timestamptz,
    overdue boolean not null,
    created_at timestamptz not null,
    primary key (filing_id, name, role)
);
create index task_queue on task (agency, role, officer, due_at);

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
    requested_at timestamptz not null
);
create index payment_filing on payment (filing_id);

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

-- migrate:down
drop table parcel, payment, task, filing;
