-- migrate:up

-- The calls by which a provider is asked to give money back, each noted before it is made, once for each time that it is
-- recorded (refund_asked). Where it is `known`, the provider has answered that it has the request.
create table refund_call (
    stream text not null,
    of_case integer not null,
    n integer not null,
    agency text not null,
    known boolean not null,
    at timestamptz not null default clock_timestamp(),
    primary key (stream, of_case, n, known)
);
grant select, insert on refund_call to motcua_app;

-- migrate:down
drop table refund_call;
