"""The state of a MySQL or MariaDB server's databases: read, kept, brought back and copied."""
