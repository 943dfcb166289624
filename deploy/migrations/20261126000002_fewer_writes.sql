-- migrate:up

-- Tasks are written only when they change, so nothing in them may be of the append alone.
alter table task drop column created_at;

-- An index of what changes with every event makes every write touch all the others.
drop index filing_open;
create index filing_open on filing (agency) where closed_at is null;

-- Only an open filing can still be told something: its streams are found by the filing.
drop index standing_untold;

-- migrate:down
create index standing_untold on standing (kind, filing_id) where heard_as <> '{}';
drop index filing_open;
create index filing_open on filing (agency, status) where closed_at is null;
truncate task;
alter table task add column created_at timestamptz not null;
