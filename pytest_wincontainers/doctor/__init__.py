"""`wincontainers doctor`: facts of an engine and its machine are gathered, and checks decide on them.

`gathering` is the edge; everything else is pure, and a check sees nothing but `Facts`.
"""
