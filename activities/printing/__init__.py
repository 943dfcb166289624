"""Official papers as PDF: printed, sealed, stored, and recorded."""
