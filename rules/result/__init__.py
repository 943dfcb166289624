"""Results after they are made: signed, entered, revoked, corrected; and whether they can be relied on."""
