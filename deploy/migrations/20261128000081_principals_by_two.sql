-- migrate:up

-- Whether what widens the register waits for a second operator: part of the record, and changed like the rest of it.
alter table principal_version add column by_two boolean not null default false;

-- Processes whose clock differs much from the record's, each by its name, when it last said so.
create table clock_off (
    process text primary key,
    seconds integer not null,       -- by so much the record is ahead
    at timestamptz not null
);
grant select, insert, update on clock_off to motcua_app;

-- migrate:down
drop table clock_off;
alter table principal_version drop column by_two;
