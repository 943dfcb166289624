"""Systems of others: the bank and the post, over HTTP."""
