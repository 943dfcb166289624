-- migrate:up

-- What an event binds beside what it says (docs/ledger.md): the epoch, the key and the receipt it was appended with.
alter table event add column bound bytea;

-- migrate:down
alter table event drop column bound;
