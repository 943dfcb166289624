"""Products of a procedure's form: its named blanks, their content, and its JSON Schema."""
