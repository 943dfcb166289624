-- migrate:up

create table agency (
    agency text primary key,
    name_vi text not null,
    name_en text not null,
    namespace text not null default 'default',
    queue text not null default 'backoffice'
);

create table officer (
    agency text not null references agency,
    subject text not null,
    role text not null,
    name text not null,
    active boolean not null default true,
    primary key (agency, subject, role)
);

create table procedure (
    code text not null,
    version text not null,
    agency text not null default '*',
    sha256 text not null,
    source bytea not null,
    rules bytea not null,
    demo boolean not null,
    published_at timestamptz not null default clock_timestamp(),
    primary key (code, version)
);

-- A calendar as it is for the whole country (agency '') and for each agency that has days of its own.
create table calendar (
    name text not null,
    agency text not null,
    sha256 text not null,
    body bytea not null,
    published_at timestamptz not null,
    primary key (name, agency)
);
create index calendar_published on calendar (published_at);

-- migrate:down
drop table calendar, procedure, officer, agency;
