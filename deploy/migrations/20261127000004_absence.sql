-- migrate:up

-- An officer is absent on these days, in Vietnamese time and both included; meanwhile the substitute acts for them.
create table absence (
    agency text not null,
    subject text not null,
    role text not null,
    first_day date not null,
    last_day date not null check (last_day >= first_day),
    substitute text not null check (substitute <> subject),
    primary key (agency, subject, role, first_day),
    foreign key (agency, subject, role) references officer,
    foreign key (agency, substitute, role) references officer
);
grant select on absence to motcua_app;

-- The absent officer in whose place the task's officer has it.
alter table task add column acting_for text;
create index task_acting_for on task (acting_for, coalesce(due_at, 'infinity'), stream, name) where acting_for is not null;

-- migrate:down
drop index task_acting_for;
alter table task drop column acting_for;
drop table absence;
