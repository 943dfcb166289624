-- migrate:up

-- The file that a calendar was published from, byte for byte, in the row of the whole country: what is only proposed
-- stands nowhere else. Null for what was published before files were kept.
alter table calendar add column source bytea;

-- migrate:down
alter table calendar drop column source;
