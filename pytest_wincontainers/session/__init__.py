"""The side towards pytest and pytest-xdist: the roles of processes, and how they communicate."""
