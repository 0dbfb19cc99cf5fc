"""The life of one container of a run."""
