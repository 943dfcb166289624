"""From a row of the table in which provinces publish their procedures to the draft of a procedure file."""
