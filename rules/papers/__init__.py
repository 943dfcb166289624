"""Official papers: their causes, their contents, and the stream that records them."""
