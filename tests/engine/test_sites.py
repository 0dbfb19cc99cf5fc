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


APP_SETTINGS = """<?xml version="1.0"?>
<{root}>
  <add key="Who" value="nobody" />
</{root}>
"""
APP_SETTINGS_TRANSFORM = """<{root} xmlns:xdt="http://schemas.microsoft.com/XML-Document-Transform">
  <add key="Who" value="Docker" xdt:Transform="SetAttributes" xdt:Locator="Match(key)" />
</{root}>
"""
ELSEWHERE = """<?xml version="1.0"?>
<configuration>
  <configSections>
    <section name="own" type="System.Configuration.NameValueSectionHandler, System, Version=4.0.0.0, Culture=neutral, PublicKeyToken=b77a5c561934e089" />
  </configSections>
  {sections}
  <connectionStrings configSource="configs\\Conn.config" />
  <system.web>
    <compilation debug="true" />
    <customErrors mode="Off" />
  </system.web>
</configuration>
"""
READS = """<%@ Page Language="C#" %><%@ Import Namespace="System.Configuration" %><%@ Import Namespace="System.Collections.Specialized" %>
<script runat="server">
    string Own() {
        NameValueCollection own = (NameValueCollection) ConfigurationManager.GetSection("own");
        return own == null ? "" : own["Who"];
    }
</script>
<%= ConfigurationManager.AppSettings["Who"] %>|<%= ConfigurationManager.AppSettings["More"] %>|<%= Own() %>|<%= ConfigurationManager.ConnectionStrings["Shop"] %>
"""


def test_two_sites_with_transformed_files_and_sections_in_files_of_their_own(suite):
    sections = {
        "shop": '<appSettings configSource="Configs\\AppSetting.config" />',
        # The file that is transformed is another one, which overrides what the web.config has.
        "admin": '<appSettings file="Configs\\AppSetting.config"><add key="Who" value="somebody" /></appSettings>',
    }
    for name, section in sections.items():
        configs = suite.path / name / "Configs"
        configs.mkdir(parents=True)
        (configs / "AppSetting.config").write_text(APP_SETTINGS.format(root="appSettings"))
        (configs / "AppSetting.Docker.config").write_text(APP_SETTINGS_TRANSFORM.format(root="appSettings"))
        (configs / "Conn.config").write_text("<connectionStrings />")
        (configs / "Own.config").write_text(APP_SETTINGS.format(root="own").replace("nobody", "#{Who}"))
        (suite.path / name / "Default.aspx").write_text(READS)
        own = '<own configSource="Configs\\Own.config" />'
        (suite.path / name / "Web.config").write_text(ELSEWHERE.format(sections=section + own))
    before = {path: path.read_bytes() for path in suite.path.rglob("*.config")}
    suite.files(
        conftest="""
        from pytest_wincontainers import Site, Tokens, iis_container

        options = {
            "transforms": {"Configs/AppSetting.config": ["Configs/AppSetting.Docker.config"]},
            "tokens": Tokens({"Who": "<me & you>"}, files=["Configs/*.config"]),
            "health": "/Default.aspx",
        }

        @iis_container(
            Site("shop", path="shop", port=8080, app_settings={"More": "the shop's"}, **options),
            Site("admin", path="admin", port=8081, **options),
        )
        def web():
            return {"connection_strings": {"Shop": "Server=db"}}
        """,
        test_it="""
        from urllib.request import urlopen

        def test_it(web):
            pages = [urlopen(web.site(name).url + "/Default.aspx").read().decode().strip() for name in ("shop", "admin")]
            assert pages == [
                "Docker|the shop's|<me & you>|Server=db",
                "Docker||<me & you>|Server=db",
            ]
        """,
    )
    assert suite.run().outcomes() == {"passed": 1}
    # What was built is as it was.
    assert {path: path.read_bytes() for path in suite.path.rglob("*.config")} == before
