"""Trees that are not on a disk, and what is found in them."""

from pathlib import PurePosixPath

from pytest_wincontainers.scaffold.finding import find
from pytest_wincontainers.scaffold.tree import Tree, Unreadable

MYSQL = '<add name="{name}" connectionString="Server=localhost;Database={database};Uid=me;Pwd=x" />'

ALL = ("lxml", "selenium", "yaml")


def tree(files, built=(), name="project", complete=True):
    """A tree with these contents, and with files that only `exists` knows; a content of None cannot be read."""
    contents = {
        PurePosixPath(path): one.encode() if isinstance(one, str) else one for path, one in sorted(files.items())
    }

    def read(path):
        if contents[path] is None:
            raise Unreadable("cannot be read: Permission denied")
        return contents[path]

    order = tuple(sorted(contents, key=lambda path: (len(path.parts), str(path))))
    known = {*contents, *map(PurePosixPath, built)}
    return Tree(name, order, read, known.__contains__, complete)


def config(*adds, settings=""):
    """A web.config with these connection strings."""
    return f"<configuration><connectionStrings>{''.join(adds)}</connectionStrings><appSettings>{settings}</appSettings></configuration>"


SHOP = config(MYSQL.format(name="Shop", database="shop"))


def found(files, packages=ALL, load=None, **options):
    return find(tree(files, **options), load, packages)


def checked(project, text):
    return any(text in one for one in project.checks)
