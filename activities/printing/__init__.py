"""Official papers as PDF: printed, sealed, stored, and told to the record."""
