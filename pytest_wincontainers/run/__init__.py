"""One run: starts its containers in parallel, waits for them and removes them, without pytest or pytest-xdist."""
