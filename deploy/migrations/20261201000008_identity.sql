-- migrate:up

-- The statements by which questions were answered, until they expire: each counts for one run of `View`. Nothing
-- personal, no part of the record.
create table question_statement (
    signed bytea primary key,       -- sha256 of the signed text; of one statement, whatever its signature looks like
    look uuid not null,             -- the run, whose attempts all may use it
    until timestamptz not null
);
create index question_statement_until on question_statement (until);
grant select, insert, delete on question_statement to motcua_app;

-- migrate:down
drop table question_statement;
