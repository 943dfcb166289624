-- migrate:up

-- By it a run of a workflow proves to the next one that it was one of this platform's: Temporal never sees it.
alter table principal_version add column secret bytea not null
    default sha256((gen_random_uuid()::text || gen_random_uuid()::text)::bytea);

-- migrate:down
alter table principal_version drop column secret;
