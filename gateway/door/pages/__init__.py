"""The pages of the door for people who write clients: examples, and the document in a browser."""
