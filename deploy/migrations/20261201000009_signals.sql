-- migrate:up

-- Signals that the record does not bear out are dropped, and not stored any more.
drop table inbox;

-- migrate:down

create table inbox (
    id uuid primary key,
    stream text not null,
    filing_id uuid not null,
    agency text not null,
    signal text not null,
    problem text not null,
    at timestamptz not null,
    sealed bytea not null,
    key_id text not null
);
create index inbox_stream on inbox (stream, at);
grant select, insert on inbox to motcua_app;
