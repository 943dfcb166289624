-- migrate:up

-- The days on which a version is in force, both included; and, of what is published for one province, which and of what.
alter table procedure add column valid_from date, add column valid_until date, add column province text, add column base text;

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
grant select on province_overlay, province_in_force to motcua_app;

-- migrate:down
drop view province_in_force;
drop table province_overlay;
alter table procedure drop column base, drop column province, drop column valid_until, drop column valid_from;
