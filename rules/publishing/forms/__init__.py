"""What is made of the form of a procedure: its named blanks, what they show, its JSON Schema."""
