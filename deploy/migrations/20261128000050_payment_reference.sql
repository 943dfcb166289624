-- migrate:up

-- What a provider's callback names: `reference_of` the business key, capitals and digits of its SHA-256 in base 32.
alter table payment add column reference text;
update payment set reference = 'MC' || (
    select string_agg(
        substr('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', substring(bits from 5 * i + 1 for 5)::bit(5)::integer + 1, 1),
        '' order by i
    )
    from generate_series(0, 15) as i,
        lateral (
            select ('x' || encode(substr(sha256(convert_to('fee:' || filing_id || ':' || n, 'utf8')), 1, 10), 'hex'))::bit(80)
        ) as digest (bits)
);
create unique index payment_reference on payment (reference);

-- migrate:down
alter table payment drop column reference;
