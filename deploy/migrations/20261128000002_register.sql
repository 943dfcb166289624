-- migrate:up

-- The register of an agency: what was handed in in a period, page by page.
create index filing_register on filing (agency, submitted_at, filing_id);

-- migrate:down
drop index filing_register;
