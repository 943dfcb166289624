-- migrate:up

-- Who may take money for the agency, by their names in MOTCUA_PROVIDERS, the first first; null: the bank.
alter table agency add column merchants text[];

-- migrate:down
alter table agency drop column merchants;
