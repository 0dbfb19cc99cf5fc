"""MariaDB in a Linux container."""

from __future__ import annotations

from pytest_wincontainers.services.mysql.layout import Layout

LINUX = Layout(accounts="/srv/wincontainers", mysqldump="mysqldump")
