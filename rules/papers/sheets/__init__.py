"""The official papers themselves: of each kind what stands on it."""
