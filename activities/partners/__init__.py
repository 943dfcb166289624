"""External systems: the bank and the post, over HTTP."""
