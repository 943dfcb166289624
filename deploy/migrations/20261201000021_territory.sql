-- migrate:up
-- The communes of an agency's territory, by their codes; null: the directory has none.
alter table agency add column territory text[];

-- migrate:down
alter table agency drop column territory;
