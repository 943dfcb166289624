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

-- The officer whose own key it is: it speaks for nobody else. Null for a program of many.
alter table principal add column subject text;

-- The program, the key and the statement's digest of an act, as in `event.via`; null for an act of before there was a
-- register of programs.
alter table erasure_deed add column via text;
alter table suspense_step add column via text;

-- Who publishes by two is heard by the register.
grant select on principal, principal_key to motcua_publisher;

-- migrate:down
revoke select on principal, principal_key from motcua_publisher;
alter table suspense_step drop column via;
alter table erasure_deed drop column via;
alter table principal drop column subject;
drop table question_statement;
