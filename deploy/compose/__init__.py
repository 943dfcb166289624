"""A compose file for one server; the platform's part of it is generated from the table of processes."""
