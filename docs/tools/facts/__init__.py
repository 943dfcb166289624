"""The facts of the published procedures, each with its source and how far it can be trusted."""
