"""The paths in the image of each guest."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_wincontainers.services import Guest
from pytest_wincontainers.services.mysql.layout import Layout
from pytest_wincontainers.services.mysql.linux import LINUX
from pytest_wincontainers.services.mysql.windows import WINDOWS

LAYOUTS: Mapping[Guest, Layout] = {"linux": LINUX, "windows": WINDOWS}
