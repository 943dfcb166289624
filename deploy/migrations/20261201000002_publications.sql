-- migrate:up

create table agency (
    agency text primary key,
    name_vi text not null,
    name_en text not null,
    namespace text not null default 'default',
    queue text not null default 'backoffice',
    kind text,                  -- null: it may decide whatever it is sent
    province text,
    receives_for text[] not null default '{}',  -- whose filings its desk takes in and hands over; '*': all of its province
    signing jsonb,              -- who signs its results, in this order; null or empty where its back office does so itself
    seal text,                  -- by what the signing service knows the agency, where its seal is put on its papers
    receipts jsonb,             -- the series of its receipts; null: the usual ones
    merchants text[],           -- who may take money for it, by their names in MOTCUA_PROVIDERS; null: the bank
    tills boolean not null default false        -- whether cash at its counters goes through tills
);
create index agency_kind on agency (kind, province);

create table officer (
    agency text not null references agency,
    subject text not null,
    role text not null,
    name text not null,
    active boolean not null default true,
    number text,                -- by what the signing service knows them
    primary key (agency, subject, role)
);

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

create table procedure (
    code text not null,
    version text not null,
    agency text not null default '*',
    sha256 text not null,
    source bytea not null,
    rules bytea not null,
    demo boolean not null,
    published_at timestamptz not null default clock_timestamp(),
    valid_from date,            -- in force on these days, both included
    valid_until date,
    province text,              -- of a version for one province alone: which, and of what version
    base text,
    primary key (code, version)
);

-- What differs in a province, as it was published; `own` are the procedures that only it has.
create table province_overlay (
    province text not null,
    version text not null,
    name_vi text not null,
    name_en text not null,
    own text[] not null,
    sha256 text not null,
    source bytea not null,
    published_at timestamptz not null default clock_timestamp(),
    primary key (province, version)
);
create view province_in_force as select distinct on (province) * from province_overlay order by province, published_at desc;

-- A calendar as it is for the whole country (agency '') and for each agency that has days of its own.
create table calendar (
    name text not null,
    agency text not null,
    sha256 text not null,
    body bytea not null,
    published_at timestamptz not null,
    source bytea,               -- the file it was published from, byte for byte, in the row of the whole country
    primary key (name, agency)
);
create index calendar_published on calendar (published_at);

-- Templates of official papers that an agency has put in the place of the standard one, for a procedure, or '*' for all.
-- A row never changes; the newest is in force. `sha256` is of the template with what it is put together of.
create table paper_template (
    agency text not null references agency,
    paper text not null,
    procedure text not null,
    sha256 text not null,
    source text not null,
    published_at timestamptz not null default clock_timestamp(),
    primary key (agency, paper, procedure, published_at)
);
create view paper_template_in_force as
    select distinct on (agency, paper, procedure) * from paper_template
    order by agency, paper, procedure, published_at desc;

-- The row that a publication locks: the moment of the last one, whether what stood in the tables before they were recorded
-- has been taken over, and whether a second person must approve.
create table publication_state (
    one boolean primary key default true check (one),
    at timestamptz not null default '-infinity',
    taken_over boolean not null default false,
    by_two boolean not null default false
);
insert into publication_state (taken_over) values (true);

grant select on agency, officer, procedure, calendar to motcua_app;
grant select on absence to motcua_app;
grant select on province_overlay, province_in_force to motcua_app;
grant select on paper_template, paper_template_in_force to motcua_app;
grant select, insert, update on publication_state to motcua_publisher;
grant select on publication_state to motcua_app;
grant select, insert, update, delete
    on procedure, calendar, province_overlay, agency, officer, absence, paper_template to motcua_publisher;
grant select on province_in_force, paper_template_in_force to motcua_publisher;

-- migrate:down
drop view paper_template_in_force, province_in_force;
drop table publication_state, paper_template, calendar, province_overlay, procedure, absence, officer, agency;
