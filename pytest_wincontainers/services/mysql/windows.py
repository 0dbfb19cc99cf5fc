"""MySQL in a Windows container."""

from __future__ import annotations

from pytest_wincontainers.services.mysql.layout import Layout

WINDOWS = Layout(accounts="C:\\wincontainers", mysqldump="C:\\mysql\\bin\\mysqldump.exe")
