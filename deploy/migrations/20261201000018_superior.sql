-- migrate:up
-- The authority above an agency, to which a second complaint about its acts goes.
alter table agency add column superior text;

-- migrate:down
alter table agency drop column superior;
