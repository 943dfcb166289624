"""A result (kết quả) in the register: its signatures, its validity, its later changes."""
