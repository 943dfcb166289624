-- migrate:up

-- Of an officer: the power to sign (TM., KT., TL., TUQ., Q.) and the officer's own title, as papers and results print
-- them above the name (Decree 30/2020 annex I). Null if the directory has none.
alter table officer add column power text, add column title text;

-- migrate:down
alter table officer drop column title, drop column power;
