"""The alternative to an engine with a server: the same filing on DBOS, a library over PostgreSQL."""
