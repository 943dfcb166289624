"""What the doctor looks at in Temporal, the keys and the machine."""
