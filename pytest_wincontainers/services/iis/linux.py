"""The equivalent of IIS in a Linux container: nginx and Mono."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from pytest_wincontainers.services import Folder
from pytest_wincontainers.services.iis import nginx
from pytest_wincontainers.services.iis.layout import HostedSite, PlacedApplication, place
from pytest_wincontainers.services.iis.server import RunProgram
from pytest_wincontainers.services.iis.site_files import SiteFiles
from pytest_wincontainers.webconfig import web_configs
from pytest_wincontainers.webconfig.content import detect

SITES = "/srv/sites/"

_FILE_OF_A_SECTION = re.compile(r"""((?:\sconfigSource|<appSettings\s(?:[^<>]*\s)?file)\s*=\s*["'])([^"'<>]+)""")


class LinuxServer:
    """See `WebServer`."""

    def place(self, sites: Sequence[HostedSite]) -> list[PlacedApplication]:
        # Mono serves what is in an application's folder.
        return place(sites, SITES, nested=True)

    def setup(
        self, placed: Sequence[PlacedApplication], environment: Mapping[str, str], *, features: Sequence[str]
    ) -> Folder:
        # A Mono process has the container's environment from the start.
        made: dict[str, nginx.Pool] = {}
        for one in placed:
            before = made[one.pool_name].applications if one.pool_name in made else ()
            applications = (*before, (one.application.at, one.folder))
            made[one.pool_name] = nginx.Pool(one.pool_name, one.environment, applications, one.number)
        servers = [
            nginx.Server(
                number=root.number,
                port=root.site.port,
                host=root.site.host_header,
                folder=root.folder,
                locations={one.application.at: one.pool_name for one in placed if one.number == root.number},
            )
            for root in placed
            if root.is_root
        ]
        compress = "dynamic-compression" in features
        return Folder(None, nginx.FOLDER, nginx.files(servers, list(made.values()), compress=compress))

    def adapt(self, files: SiteFiles) -> None:
        # Mono looks for "Configs\\x.config" as a name of Linux, does not find it, and answers with an error, or
        # leaves out the file of appSettings (ConfigurationSection.DeserializeConfigSource in mono/mono).
        for config in web_configs(files.folder):
            content = files.read(config.name)
            mark, encoding = detect(content)
            try:
                text = content[len(mark) :].decode(encoding)
            except (LookupError, ValueError):
                # One that nothing changes may be in an encoding that only .NET knows.
                continue
            changed = _FILE_OF_A_SECTION.sub(lambda found: found[1] + (files.look_up(found[2]) or found[2]), text)
            if changed != text:
                files.change(config.name, mark + changed.encode(encoding))

    def recycle(self, pool: str, run: RunProgram, deadline: float) -> None:
        run("recycle-pool", pool)
