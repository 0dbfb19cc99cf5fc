"""Dockerfiles, read by the rules of their format."""

import json
import re


class Dockerfile:
    """The instructions of a Dockerfile: directives, comments, continued lines."""

    def __init__(self, text):
        first, *lines = text.splitlines()
        found = re.fullmatch(r"#\s*escape\s*=\s*(\S)", first)
        self.escape = found[1] if found else "\\"
        self.instructions = []
        open_ = ""
        for line in lines:
            if line.lstrip().startswith("#") or not line.strip():
                continue
            if line.rstrip().endswith(self.escape):
                # The engine joins lines without anything between them, so that a statement needs its semicolon.
                open_ += line.rstrip()[:-1]
                continue
            name, _, rest = (open_ + line).strip().partition(" ")
            self.instructions.append((name.upper(), rest.strip()))
            open_ = ""
        assert not open_, "the last line is continued"

    def all(self, name):
        return [rest for one, rest in self.instructions if one == name]

    def runs(self, shell):
        """Of a Windows image: the RUN instructions that this shell gets."""
        found, current = [], "cmd"
        for name, rest in self.instructions:
            if name == "SHELL":
                current = json.loads(rest)[0]
            elif name == "RUN" and current == shell:
                found.append(rest)
        return found

    @property
    def arguments(self):
        return dict(rest.partition("=")[::2] for rest in self.all("ARG"))
