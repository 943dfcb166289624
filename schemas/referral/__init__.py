"""A part of a procedure that another agency decides (liên thông), at the request of a filing."""
