-- migrate:up

-- The agencies that an agency's desk may receive for and hand results over for; '*' is every one of its province.
alter table agency add column receives_for text[] not null default '{}';

-- migrate:down
alter table agency drop column receives_for;
