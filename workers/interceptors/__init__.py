"""The interceptors of the platform's workers: code that runs before a task's own code."""
