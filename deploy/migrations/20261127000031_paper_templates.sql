-- migrate:up

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
grant select on paper_template, paper_template_in_force to motcua_app;

-- migrate:down
drop view paper_template_in_force;
drop table paper_template;
