"""ASP.NET sites, really compiled and run."""

import pytest

CONFIG = """<?xml version="1.0"?>
<configuration>
  <appSettings>
    <add key="Who" value="nobody" />
  </appSettings>
  <system.web>
    <compilation debug="true" />
    <customErrors mode="Off" />
  </system.web>
</configuration>
"""
PAGE = '<%@ Page Language="C#" %><%= System.Configuration.ConfigurationManager.AppSettings["Who"] %> says <%= 6 * 7 %>'
TRANSFORM = """<configuration xmlns:xdt="http://schemas.microsoft.com/XML-Document-Transform">
  <appSettings>
    <add key="Who" value="the transform" xdt:Transform="SetAttributes" xdt:Locator="Match(key)" />
  </appSettings>
</configuration>
"""


@pytest.fixture
def sites(suite):
    for name in ("shop", "admin"):
        folder = suite.path / name
        (folder / "empty").mkdir(parents=True)
        (folder / "Default.aspx").write_text(PAGE)
        (folder / "Web.config").write_text(CONFIG)
    (suite.path / "admin" / "Web.Docker.config").write_text(TRANSFORM)
    return suite


def test_two_sites_with_settings_of_their_own(sites):
    sites.files(
        conftest="""
        from pytest_wincontainers import Site, iis_container

        @iis_container(
            Site("shop", path="shop", port=8080, app_settings={"Who": "the shop"}),
            Site("admin", path="admin", port=8081, transforms=["Web.Docker.config"]),
        )
        def web():
            pass
        """,
        test_it="""
        import pytest
        from guest import ROOT
        from urllib.request import urlopen

        def has(path):
            return ["test", "-d", "/srv/" + path] if ROOT == "/" else ["box", "has", ROOT + path]

        def test_it(web):
            def page(url):
                return urlopen(url + "/Default.aspx").read().decode()
            assert page(web.url) == page(web.site("shop").url) == "the shop says 42"
            assert page(web.site("admin").url) == "the transform says 42"
            assert web.inside.site("admin").url == f"http://{web.inside.host}:8081"
            assert web.exec(*has("sites/shop/empty")).exit_code == 0
            with pytest.raises(LookupError, match="the sites are shop, admin"):
                web.site("other")
        """,
    )
    assert sites.run().outcomes() == {"passed": 1}
    # What was built is as it was.
    assert (sites.path / "shop" / "Web.config").read_text() == CONFIG


def test_a_site_that_throws_says_why(sites, mode):
    (sites.path / "shop" / "Default.aspx").write_text(
        '<%@ Page Language="C#" %><% throw new System.InvalidOperationException("no coffee"); %>'
    )
    sites.files(
        conftest="""
        from pytest_wincontainers import Site, iis_container

        @iis_container(Site("shop", path="shop", port=8080, health="/Default.aspx"))
        def web():
            pass
        """,
        test_it="def test_it(web):\n    pass\n",
    )
    finished = sites.run(*mode)
    assert finished.outcomes() == {"errors": 1}
    assert "the site shop responds to /Default.aspx with HTTP status 500" in finished.output
    assert "| System.InvalidOperationException" in finished.output
    assert "no coffee" in finished.output
    assert "hint: fix the site" in finished.output
