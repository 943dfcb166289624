"""What people read, by its key: `vi.po` and `en.po` for translators, and what `make words` makes of them."""
