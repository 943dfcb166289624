-- migrate:up

-- A restore that lost events begins a generation of positions: those up to `after` are the same events as before, and
-- later ones are others. The first generation has no row. Rows are written by the owner alone.
create table generation (
    n integer primary key,
    after bigint not null,
    reason text not null,
    at timestamptz not null default clock_timestamp()
);
grant select on generation to motcua_app;

-- A restored backup has the keys of filings that were erased since. Until such a filing is erased again, its key is
-- withheld: only the owner, who erases it, reads that row.
alter table filing_key add column withheld boolean not null default false;
alter table filing_key enable row level security;
create policy open_keys on filing_key to motcua_app, motcua_publisher using (not withheld) with check (not withheld);

-- migrate:down
drop policy open_keys on filing_key;
alter table filing_key disable row level security;
alter table filing_key drop column withheld;
drop table generation;
