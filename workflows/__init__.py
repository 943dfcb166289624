"""What must happen, in order, for months."""
