"""The record of a run: written line by line while it goes on, and made into a manifest at its end, whatever end."""
