-- migrate:up

-- Unfinished submissions, which persons keep at the door until they delete them or until they expire. They are no part
-- of the record. A transaction of the door sees those of one owner, by the setting `motcua.drafts_of`: without it, none.
create table draft (
    owner text not null,            -- HMAC over the issuer's short name, the program and the person's subject
    id uuid not null,               -- the person's choice: the id of the submission to come
    procedure text,
    version integer not null,       -- counts the saves; begins at random, so that a draft made anew has other numbers
    sealed bytea not null,          -- the content, by a key of this save alone, which goes with the row
    key_id text not null,
    wrapped bytea not null,
    wrapped_by text not null,
    saved_at timestamptz not null default clock_timestamp(),
    expires_at timestamptz not null,
    primary key (owner, id)
);
create index draft_expires on draft (expires_at);
alter table draft enable row level security, force row level security;
create policy everybody on draft using (true);
create policy of_owner on draft as restrictive to motcua_gateway using (owner = current_setting('motcua.drafts_of', true));
grant select, insert, update, delete on draft to motcua_gateway;
grant select (owner, id, expires_at, wrapped_by), delete on draft to motcua_app;

-- migrate:down
drop table draft;
