-- migrate:up

-- Temporal took it for the payment. That is no end of it: an engine that loses its data loses that too. A callback about
-- money has been driven once the payment's own stream has it.
alter table callback add column told_at timestamptz;
grant update (told_at) on callback to motcua_app;

-- migrate:down
alter table callback drop column told_at;
