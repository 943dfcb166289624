-- migrate:up

-- A worker looks before it starts whether the tables are those it was written for.
grant select on schema_migrations to motcua_app;

-- migrate:down
revoke all on schema_migrations from motcua_app;
