-- migrate:up

-- The register of receipts for money (sổ biên lai), one row a number, void ones too. `given`: by a service outside.
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
grant select, insert, update, delete on money_receipt to motcua_app;

-- The series in which an agency gives receipts; null where they are the usual ones.
alter table agency add column receipts jsonb;

-- migrate:down
alter table agency drop column receipts;
drop table money_receipt;
