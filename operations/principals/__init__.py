"""The register of principals: its changes, made by two people, and their fold."""
