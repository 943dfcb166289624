-- migrate:up

-- Every statement reads anew what the rows that it writes are held to. What only repeats what else holds goes: an event's
-- id follows from stream, command and place, which the primary keys of events and receipts keep apart, and nobody looks it
-- up; the lengths of hashes are those of sha256, and `motcua ledger verify` takes each hash anew.
alter table event drop constraint event_event_id_key;
alter table event drop constraint event_seq_check, drop constraint event_prev_hash_check, drop constraint event_hash_check;
alter table unpositioned drop constraint unpositioned_first_seq_check, drop constraint unpositioned_check;
-- Whatever it found, `task_role` or `task_officer` finds.
drop index task_queue;

-- The same condition as before, written shorter: a name of PostgreSQL's has 64 bytes, whatever it says.
drop trigger event_publisher on event;
create trigger event_publisher before insert on event for each row
    when (starts_with(new.stream, 'publication:') <> (current_user::text = 'motcua_publisher'))
    execute function refuse_publication();
drop trigger stream_publisher on stream;
create trigger stream_publisher before insert or update on stream for each row
    when (starts_with(new.stream, 'publication:') <> (current_user::text = 'motcua_publisher'))
    execute function refuse_publication();

-- migrate:down
create index task_queue on task (agency, role, officer, due_at);
drop trigger event_publisher on event;
create trigger event_publisher before insert on event for each row
    when (starts_with(new.stream, 'publication:') <> (current_user = 'motcua_publisher'))
    execute function refuse_publication();
drop trigger stream_publisher on stream;
create trigger stream_publisher before insert or update on stream for each row
    when (starts_with(new.stream, 'publication:') <> (current_user = 'motcua_publisher'))
    execute function refuse_publication();
alter table unpositioned add check (first_seq > 0), add check (last_seq >= first_seq);
alter table event add check (seq > 0), add check (length(prev_hash) = 32), add check (length(hash) = 32);
alter table event add unique (event_id);
