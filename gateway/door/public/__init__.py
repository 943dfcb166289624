"""Routes of the door that are written by hand, and ask for no access token."""
