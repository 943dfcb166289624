-- migrate:up

-- The officer as a person: the same index for all accounts of one human, and for that human's own filings, made of the
-- citizen number, which is sealed in the log. Null if the directory has no number.
alter table officer add column person bytea;
create index officer_person on officer (person) where person is not null;

-- Of a filing: the person who represents the applicant, by the same index, and the officers who have recused
-- themselves, each as agency and subject with a space between them.
alter table filing add column representative bytea, add column recused text[] not null default '{}';

-- Who publishes an officer's number makes the officer's index.
grant select, insert on index_key to motcua_publisher;
grant select (person) on filing to motcua_publisher;

-- migrate:down
revoke select (person) on filing from motcua_publisher;
revoke select, insert on index_key from motcua_publisher;
alter table filing drop column recused, drop column representative;
alter table officer drop column person;
