"""The command as `python -m pytest_wincontainers.cli`."""

import sys

from pytest_wincontainers.cli import program

sys.exit(program())
