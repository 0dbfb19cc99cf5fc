"""What the tests share: combinations of engine and mode, the engines, inner pytest runs, and a MySQL server."""
