-- migrate:up

-- The builds of the platform: what each can read, when it started last, and when everything was last handed to it.
create table build (
    build text primary key,
    reads jsonb not null,
    started_at timestamptz not null default clock_timestamp(),
    promoted_at timestamptz
);
grant select, insert, update, delete on build to motcua_app;

-- migrate:down
drop table build;
