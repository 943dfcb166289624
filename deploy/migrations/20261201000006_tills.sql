-- migrate:up

-- Tills: each of one cashier at one desk, from its opening to its closing. Rows are added, never changed.
create table till (
    number text primary key,
    agency text not null,
    desk text not null,
    cashier text not null,
    change_fund bigint not null check (change_fund >= 0),
    command_id text not null unique,
    opened_at timestamptz not null default clock_timestamp()
);
create index till_agency on till (agency, opened_at);

-- The open tills: cash movements lock the row in share mode, a count or closing locks it exclusively.
create table till_open (
    number text primary key references till,
    agency text not null,
    desk text not null,
    cashier text not null,
    unique (agency, desk),
    unique (agency, cashier)
);

-- The cash movements of a till, each by its event, which has the amount. Written with the event.
create table till_cash (
    stream text not null,
    seq integer not null,
    agency text not null,
    till text not null references till,
    primary key (stream, seq)
);
create index till_cash_till on till_cash (till);

-- The counts of a till, each with the number of cash movements until then.
create table till_count (
    till text not null references till,
    n integer not null,
    agency text not null,
    officer text not null,
    counted bigint not null check (counted >= 0),
    notes jsonb,
    movements integer not null,
    command_id text not null unique,
    counted_at timestamptz not null default clock_timestamp(),
    primary key (till, n)
);

create table till_closing (
    till text primary key references till,
    agency text not null,
    officer text not null,
    expected bigint not null,
    counted bigint not null,
    reason text,
    command_id text not null unique,
    closed_at timestamptz not null default clock_timestamp(),
    check (counted = expected or reason is not null)
);
grant select, insert on till, till_cash, till_count, till_closing to motcua_app;
grant select, insert, update, delete on till_open to motcua_app;

-- migrate:down
drop table till_closing, till_count, till_cash, till_open, till;
