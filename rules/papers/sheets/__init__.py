"""The official papers themselves: the content of each kind."""
