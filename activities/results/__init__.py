"""Results after the decision: who signs them, the file they sign, and each of their signatures."""
