"""The doctor's checks of the record."""
