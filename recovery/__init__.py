"""What runs and what the log says, brought together again: who stands still, who is behind, and starting again."""
