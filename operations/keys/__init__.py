"""Changes of master keys and key rings while the platform is in use."""
