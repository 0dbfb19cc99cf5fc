"""One file per kind of container: its image, environment, readiness, endpoint and preparation."""
