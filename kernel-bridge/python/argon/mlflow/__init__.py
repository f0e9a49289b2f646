"""MLflow: each run started beside an Argon session says which data it saw. Nothing here is imported unless used."""
