-- migrate:up

-- By what the signing service knows an officer, who may sign in somebody's place.
alter table officer add column number text;

-- migrate:down
alter table officer drop column number;
