-- migrate:up

-- The keys by which workers have sealed what passes Temporal, by their ids and in their order: the last is the current
-- one, and without any nothing is sealed. Of the keys themselves nothing is here.
create table codec_key (
    n bigint generated always as identity primary key,
    key_id text not null unique,
    since timestamptz not null default clock_timestamp()
);
grant select, insert on codec_key to motcua_app;

-- migrate:down
drop table codec_key;
