"""Activities: all contact of the platform with the outside world."""
