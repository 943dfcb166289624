-- migrate:up

-- What is published is recorded by a role of its own, and by no other. `motcua_publisher` is made by whoever sets the
-- database up, as `motcua_app` is; the owner acts as it while publishing.
do $$ begin
    if not exists (select from pg_roles where rolname = 'motcua_publisher') then
        raise exception 'the role motcua_publisher is missing'
            using hint = 'as a superuser: create role motcua_publisher; grant motcua_publisher to motcua_owner;';
    end if;
end $$;

-- The streams of what is published are of no filing.
alter table event alter column filing_id drop not null;
alter table stream alter column filing_id drop not null;
alter table receipt alter column filing_id drop not null;
create index stream_publication on stream (stream) where filing_id is null;

create function refuse_publication() returns trigger language plpgsql as $$
begin
    raise exception 'what is published is recorded by motcua_publisher, and nothing else is' using errcode = '42501';
end $$;
create trigger event_publisher before insert on event for each row
    when (starts_with(new.stream, 'publication:') <> (current_user = 'motcua_publisher'))
    execute function refuse_publication();
create trigger stream_publisher before insert or update on stream for each row
    when (starts_with(new.stream, 'publication:') <> (current_user = 'motcua_publisher'))
    execute function refuse_publication();

-- The row that is locked by whoever publishes: the moment of what was published last, whether what stood in the tables
-- before they were recorded has been taken over, and whether a second person must approve.
create table publication_state (
    one boolean primary key default true check (one),
    at timestamptz not null default '-infinity',
    taken_over boolean not null default false,
    by_two boolean not null default false
);
insert into publication_state (at, taken_over)
select coalesce(max(at), '-infinity'), count(*) = 0 from (
    select published_at as at from procedure
    union all select published_at from calendar
    union all select published_at from province_overlay
    union all select published_at from paper_template
    union all select '-infinity' from agency
) as published;

grant usage on schema public to motcua_publisher;
grant select, insert on event, receipt, filing_key to motcua_publisher;
grant select, insert, update on stream to motcua_publisher;
grant select, insert, update on publication_state to motcua_publisher;
grant select, insert, update, delete
    on procedure, calendar, province_overlay, agency, officer, absence, paper_template to motcua_publisher;
grant select on province_in_force, paper_template_in_force to motcua_publisher;
grant select on publication_state to motcua_app;

-- migrate:down
revoke all on event, receipt, filing_key, stream, procedure, calendar, province_overlay, agency, officer, absence, paper_template,
    province_in_force, paper_template_in_force from motcua_publisher;
revoke usage on schema public from motcua_publisher;
drop table publication_state;
drop trigger stream_publisher on stream;
drop trigger event_publisher on event;
drop function refuse_publication();
drop index stream_publication;
alter table receipt alter column filing_id set not null;
alter table stream alter column filing_id set not null;
alter table event alter column filing_id set not null;
