"""A part of a procedure that another agency decides (liên thông): requested by the filing, decided there."""
