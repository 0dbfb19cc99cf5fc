"""The shop's three tiers, declared."""

from pytest_wincontainers import Site, iis_container, mysql_container, selenium_container


@mysql_container(database="shop", migrations="db/migrations", log_statements=True)
def database():
    """MySQL with the shop's schema and products."""


@iis_container(Site("shop", path="site", port=8080, transforms=["Web.Docker.config"], health="/Default.aspx"))
def web(database):
    """The shop's pages, on the database."""
    return {"connection_strings": {"Shop": database.connection_string}}


@selenium_container(browser="chrome")
def browser(web):
    """Chrome, beside the site."""
