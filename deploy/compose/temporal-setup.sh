#!/bin/sh
# Brings Temporal's tables up to date and makes our namespace; waits for both servers.
set -eu
SQL_PASSWORD="$(cat /run/secrets/temporal_password)"
export SQL_PASSWORD
for database in temporal visibility; do
  name=temporal
  [ $database = temporal ] || name=temporal_visibility
  tool="temporal-sql-tool --plugin postgres12 --endpoint postgres --port 5432 --user temporal --database $name"
  # Refused where the tables are there already.
  $tool setup-schema --version 0.0 || echo "$name has its tables"
  until $tool update-schema --schema-dir "/etc/temporal/schema/postgresql/v12/$database/versioned"; do sleep 1; done
done
until temporal operator namespace describe --namespace motcua > /dev/null 2>&1 \
  || temporal operator namespace create --namespace motcua --retention 30d; do sleep 1; done
