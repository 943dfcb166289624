-- migrate:up

-- The role `motcua_app` is made by whoever sets the database up; it owns nothing.
grant usage on schema public to motcua_app;
grant select, insert on event, receipt, filing_key to motcua_app;
grant select, insert, update on stream, counter to motcua_app;
grant select on agency, officer, procedure, calendar to motcua_app;
grant select, insert, update, delete on filing, task, payment, parcel to motcua_app;

-- migrate:down
revoke all on event, receipt, filing_key, stream, counter, agency, officer, procedure, calendar, filing, task, payment, parcel
    from motcua_app;
revoke usage on schema public from motcua_app;
