"""The interceptors of the platform's workers: what a task passes before our code runs."""
