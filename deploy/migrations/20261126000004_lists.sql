-- migrate:up

-- Pages of tasks in the order in which they are read: of everybody, of a role of an agency, of an officer.
create index task_due on task (coalesce(due_at, 'infinity'), stream, name, agency, role);
create index task_role on task (agency, role, coalesce(due_at, 'infinity'), stream, name);
create index task_officer on task (officer, coalesce(due_at, 'infinity'), stream, name) where officer is not null;

-- A client with a million filings asks for the thousand that are open.
create index filing_client_open on filing (client_id, filing_id) where closed_at is null;

-- migrate:down
drop index filing_client_open, task_officer, task_role, task_due;
