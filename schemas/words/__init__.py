"""The sentences that people read, by their keys: `vi.po` and `en.po` for translators, `catalogue.py` made of them."""
