"""Directories of SQL migrations: their order, their statements, and running them."""
