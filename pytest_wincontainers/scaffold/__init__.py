"""The first conftest.py of a project: what a directory holds, as declarations.

`tree` reads the directory, `finding` guesses what is there and says why, and `writing` makes files of it.
"""
