"""What others say was done in our name, against the events that order it."""
