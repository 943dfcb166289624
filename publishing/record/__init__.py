"""The streams of publications: recorded together with their tables, compared with them, and used to rebuild them."""
