"""The admission of a submission: its dossier, files, form and representative."""
