"""Containers for tests, declared in conftest.py like fixtures.

    from pytest_wincontainers import Site, iis_container, mysql_container

    @mysql_container(database="shop", migrations="db/migrations")
    def database():
        '''MySQL with the shop's schema.'''

    @iis_container(Site("shop", path="build/shop", port=8080))
    def web(database):
        return {"connection_strings": {"Shop": database.connection_string}}

The pytest plugin is `pytest_wincontainers.plugin`; its name in pytest is `wincontainers`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_wincontainers import ready as ready
    from pytest_wincontainers.compose import compose_services as compose_services
    from pytest_wincontainers.declare import container as container
    from pytest_wincontainers.declare import iis_container as iis_container
    from pytest_wincontainers.declare import mysql_container as mysql_container
    from pytest_wincontainers.declare import selenium_container as selenium_container
    from pytest_wincontainers.endpoints import Endpoint as Endpoint
    from pytest_wincontainers.engines.base import Build as Build
    from pytest_wincontainers.engines.base import ExecResult as ExecResult
    from pytest_wincontainers.engines.base import Healthcheck as Healthcheck
    from pytest_wincontainers.engines.base import Mount as Mount
    from pytest_wincontainers.errors import WincontainersError as WincontainersError
    from pytest_wincontainers.migrations.command import command as command
    from pytest_wincontainers.services.iis.endpoint import IisEndpoint as IisEndpoint
    from pytest_wincontainers.services.iis.logs import Event as Event
    from pytest_wincontainers.services.iis.logs import Request as Request
    from pytest_wincontainers.services.iis.sites import Application as Application
    from pytest_wincontainers.services.iis.sites import AppPool as AppPool
    from pytest_wincontainers.services.iis.sites import Site as Site
    from pytest_wincontainers.services.iis.sites import Tokens as Tokens
    from pytest_wincontainers.services.job import Cache as Cache
    from pytest_wincontainers.services.job.endpoint import JobEndpoint as JobEndpoint
    from pytest_wincontainers.services.job.suite import job_results as job_results
    from pytest_wincontainers.services.mysql.endpoint import MySqlEndpoint as MySqlEndpoint
    from pytest_wincontainers.services.selenium.endpoint import SeleniumEndpoint as SeleniumEndpoint

_HOME = {
    "AppPool": "services.iis.sites",
    "Application": "services.iis.sites",
    "Build": "engines.base",
    "Cache": "services.job",
    "Endpoint": "endpoints",
    "Event": "services.iis.logs",
    "ExecResult": "engines.base",
    "Healthcheck": "engines.base",
    "IisEndpoint": "services.iis.endpoint",
    "JobEndpoint": "services.job.endpoint",
    "Mount": "engines.base",
    "MySqlEndpoint": "services.mysql.endpoint",
    "Request": "services.iis.logs",
    "SeleniumEndpoint": "services.selenium.endpoint",
    "Site": "services.iis.sites",
    "Tokens": "services.iis.sites",
    "WincontainersError": "errors",
    "command": "migrations.command",
    "compose_services": "compose",
    "job_container": "declare",
    "job_results": "services.job.suite",
    "container": "declare",
    "iis_container": "declare",
    "mysql_container": "declare",
    "selenium_container": "declare",
}

__all__ = [*sorted(_HOME), "ready"]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    # Loaded when asked for: the plugin and the watchdog import this package in every pytest run.
    if name == "ready":
        return import_module("pytest_wincontainers.ready")
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
