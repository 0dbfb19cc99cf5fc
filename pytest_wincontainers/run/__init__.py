"""A run: from what the selected tests need to running containers, and to nothing left of them."""
