-- migrate:up

-- What officers have said about money that names no demand, in the order in which they did: one asks what is to become
-- of it, another approves. Rows are only ever added.
create table suspense_step (
    callback uuid not null references callback (id),
    n integer not null check (n > 0),
    command_id text not null,
    step text not null,
    officer text not null,
    agency text not null,
    stream text,                -- the payment that it is to go to
    reason bytea,               -- sealed by the key of the callback
    means text,
    bank_reference text,
    evidence jsonb,             -- a file in the object store, of the callback's id
    at timestamptz not null default clock_timestamp(),
    primary key (callback, n),
    unique (callback, command_id)
);
grant select, insert on suspense_step to motcua_app;
create index callback_waiting on callback (received_at) where verdict in ('suspense', 'to_give_back');

-- migrate:down
drop index callback_waiting;
drop table suspense_step;
