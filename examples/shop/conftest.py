"""The shop's tiers, declared: a database, two sites on it, and a browser."""

from pytest_wincontainers import AppPool, Site, iis_container, mysql_container, selenium_container


@mysql_container(database="shop", migrations="db/migrations", reset="test", per_worker=True, log_statements=True)
def database():
    """MySQL with the shop's schema and products, restored before each test; a database for each pytest-xdist worker."""


@iis_container(
    Site("shop", path="site", port=8080, transforms=["Web.Docker.config"], health="/Default.aspx"),
    Site(
        "admin",
        path="admin",
        port=8081,
        transforms=["Web.Docker.config"],
        health="/Default.aspx",
        pool=AppPool(environment={"DESK": "tests"}),
    ),
)
def web(database):
    """The shop's pages and those of the people behind it, on one database: the worker's own."""
    return {"connection_strings": {"Shop": database.connection_string}}


@selenium_container(browser="chrome")
def browser(web):
    """Chrome, beside the sites."""
