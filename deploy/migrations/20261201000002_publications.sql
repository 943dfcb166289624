-- migrate:up

create table agency (
    agency text primary key,
    name_vi text not null,
    name_en text not null,
    namespace text not null default 'default',
    queue text not null default 'backoffice',
    kind text,                  -- null: it may decide every filing that it gets
    province text,
    receives_for text[] not null default '{}',  -- the agencies whose filings its desk receives; '*': all of its province
    signing jsonb,              -- the signers of its results, in this order; null or empty: its back office signs
    seal text,                  -- its number at the signing service, if its papers get its seal
    receipts jsonb,             -- the series of its receipts; null: the usual ones
    merchants text[],           -- providers that may take money for it, by name in MOTCUA_PROVIDERS; null: the bank
    tills boolean not null default false        -- whether cash at its counters goes through tills
);
create index agency_kind on agency (kind, province);

create table officer (
    agency text not null references agency,
    subject text not null,
    role text not null,
    name text not null,
    active boolean not null default true,
    number text,                -- their number at the signing service
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
    province text,              -- of a version for one province only: the province, and the version it is composed from
    base text,
    primary key (code, version)
);

-- The published differences of a province; `own` are the procedures that only it has.
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

-- A calendar for the whole country (agency ''), and for each agency with days of its own.
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

-- Templates of official papers that replace the standard ones for an agency, for a procedure, or '*' for all.
-- A row never changes; the newest is in force. `sha256` is that of the template with its included parts.
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

-- The row that a publication locks: the time of the last one, whether rows older than the log have been taken over into
-- it, and whether a second person must approve.
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
