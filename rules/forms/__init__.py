"""Products of a procedure's form: its named blanks, their content, its JSON Schema."""
