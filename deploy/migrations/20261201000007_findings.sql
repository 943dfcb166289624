-- migrate:up

-- Outcomes of acts outside (money taken, a parcel sent, a file signed), written by the process that did the act before
-- it answers. An event that follows from the answer is written only if its finding is here. No part of the record: the
-- event has everything. Nothing personal.
create table finding (
    stream text not null,
    kind text not null,         -- of the event that may follow
    id uuid not null,           -- uuid5 of kind and body
    body jsonb not null,        -- fields of that event
    at timestamptz not null default clock_timestamp(),
    primary key (stream, kind, id)
);
grant select, insert on finding to motcua_app;

-- migrate:down
drop table finding;
