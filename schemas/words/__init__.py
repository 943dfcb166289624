"""The sentences for people, by their keys: `vi.po` and `en.po` for translators, `catalogue.py` generated from them."""
