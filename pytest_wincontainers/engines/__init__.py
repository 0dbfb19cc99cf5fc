"""The container engines: one protocol in `base`, one file per engine."""
