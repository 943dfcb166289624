-- migrate:up

-- Until when the certificate of the newest time-stamp over a file holds, so that it is not read again before: null
-- where there is none. It follows from the file alone, and may be emptied at any time.
create table stamp (
    sha256 text primary key,
    agency text not null,
    until timestamptz
);
grant select, insert on stamp to motcua_app;

-- migrate:down
drop table stamp;
