"""From source to browser in one run: the shop is compiled in a container, and what comes out is served."""

from pathlib import Path

from pytest_wincontainers import Build, Site, iis_container, job_container, mysql_container, selenium_container


@job_container(
    build={"windows": "images/windows/sdk", "linux": Build("images/linux/sdk", network="host")},
    source="../shop/site",
    files={"C:/job/Shop.csproj": Path("Shop.csproj")},
    command={"windows": ["msbuild", "Shop.csproj", "/nologo"], "linux": ["make-site"]},
    collect={"site": "out/site"},
    reuse=True,
)
def solution():
    """The shop's code-behind, compiled into a library, with its pages."""


@mysql_container(database="shop", migrations="../shop/db/migrations")
def database():
    """MySQL with the shop's schema and products."""


@iis_container(
    Site("shop", path=solution.output("site"), port=8080, transforms=["Web.Docker.config"], health="/Default.aspx")
)
def web(database):
    """The pages that the job has made."""
    return {"connection_strings": {"Shop": database.connection_string}}


@selenium_container(browser="chrome")
def browser(web):
    """Chrome, beside the site."""
