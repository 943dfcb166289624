-- migrate:up

-- What a payment was told is looked for here before it is recorded.
create index callback_of_stream on callback (stream, transaction);

-- migrate:down
drop index callback_of_stream;
