-- migrate:up

-- The register of results (sổ kết quả), one row a number. What a filing says of its result and what became of the
-- result later are told by different streams, which write different columns, whichever of them is folded first.
create table result (
    number text primary key,
    filing_id uuid not null,
    agency text not null,
    n integer not null,
    outcome text,
    sha256 text,
    issued_at timestamptz,
    expires_on date,
    copies integer,
    overtaken_at timestamptz,
    state text not null default 'in_force',
    ended_at timestamptz,
    corrects text,
    replaced_by text,
    renewed text[] not null default '{}'
);
create index result_filing on result (filing_id);
create index result_agency on result (agency, issued_at);
create index result_file on result (sha256);
create index result_renewed on result using gin (renewed);
grant select, insert, update, delete on result to motcua_app;

-- migrate:down
drop table result;
