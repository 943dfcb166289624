-- migrate:up
-- The day on which a merged or dissolved agency was closed, its successor, and the document.
alter table agency add column closed jsonb;

-- migrate:down
alter table agency drop column closed;
