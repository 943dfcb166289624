"""Files of a filing in the object store."""
