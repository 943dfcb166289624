"""The register of principals: changes by two, and the fold."""
