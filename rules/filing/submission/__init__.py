"""A submission judged: its dossier, files, form and representative."""
