"""Writing as the guest's programs do: on Windows with \\r\\n, in the code page of its host or in UTF-16."""

import os
import sys

PAGE = os.environ.get("WINDOWS_CODE_PAGE", "")


def write(text, stream=None, page=PAGE):
    stream = (stream or sys.stdout).buffer
    if page:
        text = text.replace("\n", "\r\n")
    stream.write(text.encode(page or "utf-8", "replace"))
    stream.flush()


def say(text=""):
    write(text + "\n")


def local(path):
    """Where a path of the guest is in this file system."""
    path = path.replace("\\", "/")
    return path[2:] or "/" if path[1:2] == ":" else path
