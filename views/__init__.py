"""Answers to questions, by audience: one function for each question, over the read models or the log itself."""
