"""A result (kết quả) in the register of results: its signatures, its validity, its later changes."""
