-- migrate:up

-- Of a filing: the person who acts for an organisation that is the applicant, by the index of `person`.
alter table filing add column stands_for_it bytea;

-- migrate:down
alter table filing drop column stands_for_it;
