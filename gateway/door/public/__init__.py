"""Routes of the door that are written by hand and require no access token."""
