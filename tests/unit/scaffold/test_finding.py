"""What is to be declared, and why."""

from dataclasses import replace
from pathlib import PurePosixPath

import pytest

from pytest_wincontainers.scaffold.finding import find
from pytest_wincontainers.scaffold.project import Database
from pytest_wincontainers.scaffold.tree import Unreadable
from tests.unit.scaffold.trees import ALL, SHOP, checked, found, tree

WEB_PROJECT = "<Project><P><ProjectTypeGuids>{349c5851-65df-11da-9384-00065b846f21}</ProjectTypeGuids>%s</P></Project>"
HOST = (
    r'<c><sites><site><application><virtualDirectory physicalPath="C:\me\src\Shop"/></application>'
    r'<bindings><binding protocol="http" bindingInformation="*:%d:localhost"/></bindings></site></sites></c>'
)


def sites(files, **options):
    return [(one.name, str(one.path), one.port, one.page) for one in found(files, **options).sites]


def test_nothing():
    project = found({"README.md": ""})
    assert project.empty
    assert project.checks == ()


# -- sites ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "page"),
    [
        (["Default.aspx"], "/Default.aspx"),
        (["default.ASPX", "index.html"], "/default.ASPX"),
        (["index.html"], "/index.html"),
        (["Error.aspx", "Orders.aspx"], "/Orders.aspx"),
        (["Global.asax", "Old.aspx"], "/"),
        (["Views/Home/Index.cshtml"], "/"),
        (["Api.svc"], "/"),
    ],
)
def test_a_web_site(files, page):
    everything = {"site/Web.Config": "<configuration/>", **{f"site/{name}": "" for name in files}}
    assert sites(everything) == [("site", "site", 8080, page)]


@pytest.mark.parametrize("files", [{"tool/web.config": "<a/>"}, {"site/Default.aspx": ""}])
def test_what_is_no_site(files):
    assert found(files).empty


def test_a_configuration_inside_of_a_site_is_no_site():
    files = ["web.config", "Default.aspx", "admin/web.config", "admin/Default.aspx", "Views/web.config"]
    assert sites(dict.fromkeys(files, "<configuration/>"), name="Café / Shop") == [
        ("Café - Shop", ".", 8080, "/Default.aspx")
    ]


def test_sites_have_names_and_ports_of_their_own():
    files = {f"{folder}/site/{name}": "<a/>" for folder in "abc" for name in ("web.config", "index.html")}
    assert [one[::2] for one in sites(files)] == [("site", 8080), ("site-2", 8081), ("site-3", 8082)]


def test_two_sites_with_one_port():
    files = {f"{one}/{one}.csproj": WEB_PROJECT % "<IISUrl>http://localhost:8080/</IISUrl>" for one in "ab"}
    project = found({**files, "a/web.config": "<a/>", "b/web.config": "<a/>"})
    assert [one.port for one in project.sites] == [8080, 8081]
    assert any("another site has 8080 already" in one.reason for one in project.guesses)


def test_a_configuration_that_can_be_read_once_only_is_told():
    """The limit on all that is read may be reached between two files, or the file may be gone."""
    whole = tree({"site/web.config": SHOP, "site/index.html": ""})
    times = []

    def read(path):
        times.append(path)
        if times.count(path) > 1:
            raise Unreadable("was not read")
        return whole.read(path)

    project = find(replace(whole, read=read), None, ALL)
    assert len(project.sites) == 1
    assert checked(project, "site/web.config was not read")


def test_a_project_that_is_published_is_served_from_there():
    files = {
        "src/Shop/Shop.csproj": WEB_PROJECT % "<AssemblyName>Shop</AssemblyName>",
        "src/Shop/Web.config": SHOP,
        "publish/web.config": SHOP,
        "publish/Default.aspx": "",
    }
    project = found(files, built=["publish/bin/Shop.dll"])
    assert [(one.name, str(one.path)) for one in project.sites] == [("Shop", "publish")]
    assert not checked(project, "build ")
    project = found(files, built=["src/Shop/bin/Shop.dll", "publish/bin/Shop.dll"])
    assert [str(one.path) for one in project.sites] == ["src/Shop"]
    project = found({name: files[name] for name in list(files)[:2]})
    assert checked(project, "build src/Shop before the tests: bin/Shop.dll is not there")


def test_where_ports_come_from():
    files = {
        "src/Shop/Shop.csproj": WEB_PROJECT % "<IISUrl>http://localhost:5001/</IISUrl>",
        "src/Shop/web.config": "<configuration/>",
    }
    assert sites(files)[0][2] == 5001
    assert sites({**files, ".vs/config/applicationhost.config": HOST % 5002})[0][2] == 5002
    root = {"web.config": "<a/>", "index.html": "", ".vs/config/applicationhost.config": HOST % 5003}
    assert sites(root, name="Shop") == [("Shop", ".", 5003, "/index.html")]
    project = found({**files, ".vs/config/applicationhost.config": "<broken"})
    assert project.sites[0].port == 5001
    assert checked(project, ".vs/config/applicationhost.config is no XML")


def test_a_solution_says_which_sites_count():
    solution = 'Project("{FAE04EC0-301F-11D3-BF4B-00C04F79EFBC}") = "x", "%s", "{1}"\nEndProject\n'
    files = {
        "Shop.sln": solution % r"b\B.csproj" + solution % r"A\a.CSPROJ" + solution % r"..\out\Out.csproj",
        **{f"{one}/{one}.csproj": WEB_PROJECT % "" for one in "abc"},
        **{f"{one}/web.config": "<configuration/>" for one in "abc"},
    }
    project = found(files)
    assert [one.name for one in project.sites] == ["b", "a"]
    assert checked(project, "c is a site, but in no solution: left out")


def test_an_aspnet_core_application_is_told():
    project = found({"App/App.csproj": '<Project Sdk="Microsoft.NET.Sdk.Web"/>', "App/web.config": "<a/>"})
    assert project.empty
    assert checked(project, "App/App.csproj is an ASP.NET Core application: publish it")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "cannot be read"),
        ("<configuration>", "is no XML"),
        (b"\xff\xfe\x00", "is no XML"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "has a DTD"),
    ],
)
def test_a_configuration_that_cannot_be_read_leaves_its_site_out(content, says):
    project = found({"site/web.config": content, "site/index.html": "", "Shop.slnx": content, "a.csproj": content})
    assert project.sites == ()
    assert checked(project, f"site/web.config {says}")
    assert any(one.endswith("its site is left out") for one in project.checks)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_configuration_in_any_encoding(encoding):
    files = {"site/web.config": SHOP.encode(encoding), "site/index.html": ""}
    assert found(files).databases == (Database("database", "shop"),)


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["Web.Docker.config", "Web.Release.config", "Web.Test.config"], ("Web.Docker.config",)),
        (["web.tests.CONFIG", "Web.Debug.config"], ("web.tests.CONFIG",)),
        (["Web.Debug.config", "Web.Release.config"], ()),
    ],
)
def test_transforms(names, chosen):
    files = {"site/web.config": "<a/>", "site/index.html": "", **{f"site/{name}": "<a/>" for name in names}}
    project = found(files)
    assert project.sites[0].transforms == chosen
    assert checked(project, "no transform is applied to site") == (not chosen)


def test_a_transform_that_does_not_parse_is_not_used():
    project = found({"site/web.config": "<a/>", "site/index.html": "", "site/Web.Docker.config": "<a>"})
    assert project.sites[0].transforms == ()
    assert checked(project, "site/Web.Docker.config is no XML")


def test_windows_accounts_are_told():
    content = '<c><authentication mode="Windows"/><authorization><deny users="?"/></authorization></c>'
    assert checked(found({"site/web.config": content, "site/index.html": ""}), "lets in Windows accounts only")


# -- browsers and tests ---------------------------------------------------------------------------------------------

SITE = {"s/web.config": "<a/>", "s/index.html": ""}


@pytest.mark.parametrize(
    ("files", "packages", "browser", "says"),
    [
        ({}, ALL, "browser", ""),
        ({}, (), None, "no browser is declared"),
        ({"requirements-dev.txt": "pytest-selenium==4"}, (), "browser", "install Selenium"),
        ({"UiTests/packages.config": '<package id="Selenium.WebDriver"/>'}, (), "browser", "install Selenium"),
        ({"tests/test_a.py": None}, (), None, "no browser is declared"),
    ],
)
def test_browsers(files, packages, browser, says):
    project = found({**SITE, **files}, packages=packages)
    assert project.browser == browser
    assert not says or checked(project, says)


@pytest.mark.parametrize(
    ("files", "folder"),
    [
        ({}, "."),
        ({"pytest.ini": "[pytest]\ntestpaths = checks more\n"}, "checks"),
        ({"pyproject.toml": '[tool.pytest.ini_options]\ntestpaths = [\n  "checks",\n]\n'}, "checks"),
        ({"setup.cfg": "[tool:pytest]\ntestpaths =\n    checks\n"}, "checks"),
        ({"pytest.ini": "[pytest]\ntestpaths = ../out\n"}, "."),
        ({"pytest.ini": "[pytest]\ntestpaths = test_a.py\n"}, "."),
        ({"pytest.ini": "[pytest]\ntestpaths = C:\\tests\n"}, "."),
        ({"pytest.ini": "\n" * 1_000_000}, "."),
        ({"pytest.ini": None}, "."),
        ({"tests/unit/test_a.py": ""}, "tests"),
        ({"tests/Tests.csproj": "<a/>"}, "."),
    ],
)
def test_where_tests_are(files, folder):
    assert found({**SITE, **files}).tests == PurePosixPath(folder)


def test_what_is_missing_is_told():
    assert checked(found(SITE, packages=()), 'pip install "pytest-wincontainers[iis]"')
    assert checked(found(SITE, complete=False), "only the first 2 files were looked at")
