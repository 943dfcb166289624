"""`motcua back-office`, and its check before it runs."""
