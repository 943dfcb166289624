-- migrate:up

-- Who signs the results of an agency, in this order; null or empty where its back office does so by itself.
alter table agency add column signing jsonb;

-- migrate:down
alter table agency drop column signing;
