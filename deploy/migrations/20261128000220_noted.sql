-- migrate:up

-- An append notes in its own statement what has no position yet, and says so in `noted`. What does not say so, the
-- database goes on to note: appends of the builds before this one, and those that no workflow proposes.
alter table stream add column noted integer;
grant insert on unpositioned to motcua_app;
create or replace function note_append() returns trigger
    language plpgsql security definer set search_path = '' as $$
begin
    if new.head_seq > coalesce(old.head_seq, 0) then
        insert into public.unpositioned
        values (new.stream, coalesce(old.head_seq, 0) + 1, new.head_seq, coalesce(new.head_at, clock_timestamp()));
    end if;
    return null;
end $$;
create trigger stream_noted after insert or update of head_seq on stream
    for each row when (new.noted is distinct from new.head_seq) execute function note_append();
drop trigger stream_begun on stream;
drop trigger stream_grown on stream;

-- migrate:down
create trigger stream_begun after insert on stream
    for each row when (new.head_seq > 0) execute function note_append();
create trigger stream_grown after update of head_seq on stream
    for each row when (new.head_seq > old.head_seq) execute function note_append();
drop trigger stream_noted on stream;
revoke insert on unpositioned from motcua_app;
alter table stream drop column noted;
