"""Activities: all contact with the outside world. Each module is one step."""
