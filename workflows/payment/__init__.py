"""The workflow of an online payment, which may run longer than its filing, so that no money is forgotten."""
