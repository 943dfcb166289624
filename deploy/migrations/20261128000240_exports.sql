-- migrate:up

-- Who has asked for what is held about them, and when it was given. Whose it was stands nowhere: an officer's reason names a paper.
create table export_request (
    n bigint generated always as identity primary key,
    reason text not null,
    officer text not null,
    agency text not null,                           -- the officer's
    asked_at timestamptz not null default clock_timestamp(),
    given boolean,                                  -- or declined; null while it waits
    answered_by text,
    answered_at timestamptz,
    declined_because text,
    check ((given is null) = (answered_at is null) and (given is null) = (answered_by is null)),
    check ((declined_because is not null) = (given is false))
);
grant select on export_request to motcua_app;

-- migrate:down
drop table export_request;
