"""Faults made in the package on purpose, to see whether its tests notice: `python3 dev.py mutate --help`."""
