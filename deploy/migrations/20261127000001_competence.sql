-- migrate:up

-- What an agency is, and in which province; one of which that is not said may decide whatever it is sent.
alter table agency add column kind text, add column province text;
create index agency_kind on agency (kind, province);

-- migrate:down
drop index agency_kind;
alter table agency drop column province, drop column kind;
