"""The streams of what is published: recorded with the tables that they come to, compared, made anew."""
