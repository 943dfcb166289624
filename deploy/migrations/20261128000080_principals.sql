-- migrate:up

-- Who may speak to the platform: every change of that, in order, by whom and why. Rows are only ever added; the tables
-- below are what they come to. `body` is the change as RFC 8785 JSON.
create table principal_change (
    n bigint primary key check (n > 0),
    command_id text not null unique,
    principal text not null,
    change text not null,
    asked bigint unique references principal_change,    -- what it approves or declines
    waits boolean not null,                             -- until another approves it
    body bytea not null,
    officer text not null,
    agency text not null,                               -- the officer's
    reason text,
    at timestamptz not null
);
create index principal_change_principal on principal_change (principal, n);
create trigger principal_change_rows before update or delete on principal_change
    for each row execute function refuse_change();
create trigger principal_change_truncate before truncate on principal_change
    for each statement execute function refuse_change();
alter table principal_change enable always trigger principal_change_rows;
alter table principal_change enable always trigger principal_change_truncate;

create table principal (
    principal text primary key,
    agency text not null,       -- whose it is; '*' where it is no agency's
    name text not null,
    kind text not null,
    grants jsonb not null
);

create table principal_key (
    key_id text primary key,
    principal text not null references principal,
    agency text not null,
    public_key text not null unique,
    valid_from timestamptz not null,
    valid_until timestamptz not null check (valid_until > valid_from),
    revoked_at timestamptz
);
create index principal_key_principal on principal_key (principal);

-- The number of the last change: the row that is locked by whoever makes one, and read by whoever holds the keys.
create table principal_version (
    one boolean primary key default true check (one),
    version bigint not null
);
insert into principal_version (version) values (0);
grant select on principal_change, principal, principal_key, principal_version to motcua_app;

-- migrate:down
drop table principal_version;
drop table principal_key;
drop table principal;
drop table principal_change;
