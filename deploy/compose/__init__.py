"""A compose file for one server; the platform's part of it is made of the table of processes."""
