"""The checks of `wincontainers doctor`, by area."""
