"""Outlooks at rest: the database, the files that wait for it, and CSV."""
