-- migrate:up

-- Which master key has wrapped a filing's key, with its version. Null: the one that the first part of `key_id` names.
-- `key_id` stands in the hashes of events and never changes; this does, whenever the master key is changed.
alter table filing_key add column wrapped_by text;

-- The key by which people are told from each other in what is looked for, so that a change of the master key leaves it.
create table index_key (
    one boolean primary key default true check (one),
    key_id text not null,
    wrapped bytea not null,
    wrapped_by text not null
);
grant select, insert on index_key to motcua_app;

-- migrate:down
drop table index_key;
alter table filing_key drop column wrapped_by;
