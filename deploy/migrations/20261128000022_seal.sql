-- migrate:up

-- By what the signing service knows the agency, where its seal is put on its papers though its officers sign no results.
alter table agency add column seal text;

-- migrate:down
alter table agency drop column seal;
