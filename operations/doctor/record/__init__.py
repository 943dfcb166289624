"""What the doctor looks at in the record."""
