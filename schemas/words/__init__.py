"""What people read, in both languages: each sentence and each name stands by its key in `vi.py` and in `en.py`."""
