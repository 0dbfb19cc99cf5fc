"""The state of a MySQL or MariaDB server's databases: reading, saving, restoring and copying it."""
