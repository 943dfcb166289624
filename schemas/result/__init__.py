"""A result (kết quả) in the register: how it was signed, whether it is in force, and what became of it."""
