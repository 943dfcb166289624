-- migrate:up

-- The pages of a role's tasks, and those of an officer, have indexes that answer all that this one did.
drop index task_queue;

-- migrate:down
create index task_queue on task (agency, role, officer, due_at);
