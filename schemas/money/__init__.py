"""Money outside of payments: in suspense, and in tills."""
