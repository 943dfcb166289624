"""Giving money back: what is to go back, who asks and who approves, and that it never is more than came."""
