-- migrate:up
-- Each number of a transfer or a card slip counts once for an agency's account: of a fee at the counter, of a refund by
-- hand, of money in suspense that was given back. Written with the event, or with the step, that names it.
create table bank_reference (
    agency text not null,
    reference text not null,
    stream text not null,
    seq integer not null,
    noted_at timestamptz not null default clock_timestamp(),
    primary key (agency, reference)
);
create trigger bank_reference_chained after insert on bank_reference referencing new table as added for each statement
    execute function note_rows('bank_reference', 'agency,reference', 'stream,seq,noted_at', 'true');
alter table bank_reference enable always trigger bank_reference_chained;
insert into bank_reference (agency, reference, stream, seq)
select agency, regexp_replace(upper(number), '[^0-9A-ZĐ]', '', 'g'), stream, seq from (
    select agency, stream, seq, recorded_at, coalesce(said ->> 'bank_reference', said ->> 'reference') as number
    from event, lateral (select convert_from(body, 'UTF8')::jsonb as said) as body_
    where kind = 'refund_given_by_hand' or (kind = 'fee_paid' and said ->> 'means' in ('card', 'transfer'))
    union all
    select agency, 'suspense:' || callback, n, at, bank_reference from suspense_step where step = 'given'
) as named where number is not null order by recorded_at
on conflict do nothing;
grant select, insert on bank_reference to motcua_app;

-- migrate:down
drop table bank_reference;
