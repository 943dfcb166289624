"""A part of a procedure that another agency decides (liên thông): asked for by the filing, decided there."""
