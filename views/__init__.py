"""What is read, by audience: one function a question, over the read models or the log itself."""
