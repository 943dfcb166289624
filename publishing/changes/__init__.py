"""Finds the differences between two versions of a procedure, and describes each in a sentence for officers."""
