"""Answers to questions, by audience: one function a question, over the read models or the log itself."""
