-- migrate:up

-- Why the last run that tried could not erase a filing: the kind of the error, or the rules that forbade it, and nothing
-- personal. It stays, and is of no account any more, once the filing is finished.
alter table erasure add column problem text;

-- migrate:down
alter table erasure drop column problem;
