#!/bin/sh
# The roles and databases of a new PostgreSQL (docs/operations.md, "The first start"), run once by the image's entry point.
set -eu
password() { sed 's|^[^:]*://[^:]*:\([^@]*\)@.*|\1|' "/run/secrets/$1"; }
psql -v ON_ERROR_STOP=1 --username postgres \
  -v owner="$(password MOTCUA_OWNER_DATABASE_URL)" -v app="$(password MOTCUA_DATABASE_URL)" \
  -v door="$(password MOTCUA_DOOR_DATABASE_URL)" \
  -v temporal="$(cat /run/secrets/temporal_password)" <<'SQL'
create role motcua_owner login password :'owner';
create role motcua_app login password :'app';
create role motcua_gateway login password :'door';
create role motcua_publisher;
grant motcua_publisher to motcua_owner;
create database motcua owner motcua_owner;
revoke all on database motcua from public;
grant connect, temporary on database motcua to motcua_app;
grant connect on database motcua to motcua_gateway;
create role temporal login password :'temporal';
create database temporal owner temporal;
create database temporal_visibility owner temporal;
SQL
