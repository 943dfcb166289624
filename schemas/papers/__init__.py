"""Official papers (giấy tờ) that a filing causes, and the stream `papers:<filing>` that records them."""
