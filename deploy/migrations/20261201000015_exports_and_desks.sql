-- migrate:up

-- The telephone of an agency's one-stop desk, on papers that send somebody there; null if the directory has none.
alter table agency add column phone text;

-- The program, the key and the statement's digest of a request for a person's data, and of its answer, as in
-- `event.via`; null for those of before there was a register of programs.
alter table export_request add column via text, add column answered_via text;
create trigger export_via_chained after update on export_request referencing new table as added for each statement
    execute function note_rows('export_request.via', 'n', 'answered_via,via', 'answered_via is not null');
alter table export_request enable always trigger export_via_chained;

-- migrate:down
drop trigger export_via_chained on export_request;
alter table export_request drop column answered_via, drop column via;
alter table agency drop column phone;
