-- migrate:up

-- What a till was: one cashier's, at one desk, from when it was opened until it was closed. Rows are added, never changed.
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

-- Which tills are open: who takes cash holds the row, who counts or closes takes it alone.
create table till_open (
    number text primary key references till,
    agency text not null,
    desk text not null,
    cashier text not null,
    unique (agency, desk),
    unique (agency, cashier)
);

-- The cash that went through a till: the event that says so, which has the amount. Written with it.
create table till_cash (
    stream text not null,
    seq integer not null,
    agency text not null,
    till text not null references till,
    primary key (stream, seq)
);
create index till_cash_till on till_cash (till);

-- What was in it when it was counted, and how much cash had gone through it by then.
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
