"""A container's log: written to files while the container runs, and read in parts.

Each line has the engine's time in front. A test's part is cut by that time, not by when a line reached the file, so
that neither a slow stream nor a neighbouring test shifts it.

A log is named by the path of its first file. When a file has its full size, the log goes on in the next one: `web.log`,
`web.2.log`, `web.3.log`.
"""

from __future__ import annotations

from pytest_wincontainers.reports.logs.arriving import Arriving as Arriving
from pytest_wincontainers.reports.logs.arriving import settle as settle
from pytest_wincontainers.reports.logs.files import chunks as chunks
from pytest_wincontainers.reports.logs.files import files_of as files_of
from pytest_wincontainers.reports.logs.files import last_time as last_time
from pytest_wincontainers.reports.logs.files import position as position
from pytest_wincontainers.reports.logs.files import read as read
from pytest_wincontainers.reports.logs.files import tail as tail
from pytest_wincontainers.reports.logs.lines import Line as Line
from pytest_wincontainers.reports.logs.lines import excerpt as excerpt
from pytest_wincontainers.reports.logs.lines import lines_of as lines_of
from pytest_wincontainers.reports.logs.lines import shown as shown
from pytest_wincontainers.reports.logs.lines import whole_lines as whole_lines
from pytest_wincontainers.reports.logs.writer import MEBIBYTE as MEBIBYTE
from pytest_wincontainers.reports.logs.writer import LogWriter as LogWriter
