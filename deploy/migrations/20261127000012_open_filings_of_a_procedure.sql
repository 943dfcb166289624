-- migrate:up

-- A new version of a procedure is held against the open filings of it, page by page.
create index filing_procedure_open on filing (procedure, filing_id) where closed_at is null;

-- migrate:down
drop index filing_procedure_open;
