-- migrate:up

-- A fee may be asked for anew, under a reference of its own and perhaps through another provider: `provider:reference` of
-- each further request, and the same with that much of the reference as is left of a memo that a bank has cut.
alter table payment add column renewed text[];
alter table payment add column renewed_beginnings text[];
create index payment_renewed on payment using gin (renewed);
create index payment_renewed_beginning on payment using gin (renewed_beginnings);
-- Of which request a callback speaks, once that is known; what was kept before is about the first.
alter table callback add column demanded text;
grant update (demanded) on callback to motcua_app;

-- migrate:down
alter table callback drop column demanded;
drop index payment_renewed_beginning, payment_renewed;
alter table payment drop column renewed_beginnings;
alter table payment drop column renewed;
