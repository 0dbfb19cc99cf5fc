"""IIS itself: pools, logs and events, on a real Windows engine."""

CONFIG = """<configuration>
  <system.web><compilation debug="true" targetFramework="4.8" /><customErrors mode="Off" /></system.web>
</configuration>
"""
PAGE = """<%@ Page Language="C#" %><%@ Import Namespace="System" %>
<% if (Request.QueryString["why"] != null) throw new InvalidOperationException("no " + Request.QueryString["why"]); %>
<%= Environment.GetEnvironmentVariable("MODE") %>|<%= Environment.GetEnvironmentVariable("ALL") %>|<%= Environment.UserName %>|<%= Environment.Is64BitProcess %>
"""
COUNT = '<%@ Page Language="C#" %><script runat="server">static int count;</script><%= ++count %>'
EVERY = "".join(chr(code) for code in range(32, 127))


def test_sites_pools_logs_and_events(suite):
    for name in ("one", "two"):
        (suite.path / name).mkdir()
        (suite.path / name / "Web.config").write_text(CONFIG)
        (suite.path / name / "Default.aspx").write_text(PAGE)
        (suite.path / name / "Count.aspx").write_text(COUNT)
    suite.files(
        conftest=f"""
        from pytest_wincontainers import AppPool, Application, Site, iis_container

        EVERY = {EVERY!r}

        @iis_container(
            Site("O'Neil & Sons 100%", path="one", port=8080, health="/Default.aspx", pool=AppPool(
                {{"MODE": EVERY}}, enable_32bit=True, user="o'neil", password="pass'w0rd \\"%\\" {{&}}")),
            Site("two", path="two", port=8081, health="/Default.aspx", virtual_directories={{"/files": "one"}},
                applications=[Application("/api", "one", pool=AppPool({{"MODE": "api"}}))]),
            environment={{"ALL": EVERY}},
        )
        def web():
            pass
        """,
        test_it="""
        import html, pytest
        from conftest import EVERY
        from urllib.error import HTTPError
        from urllib.request import urlopen

        def page(url):
            return urlopen(url + "/Default.aspx").read().decode().strip()

        def count(web):
            return int(urlopen(web.url + "/Count.aspx").read())

        def test_pools(web):
            assert page(web.url) == f"{EVERY}|{EVERY}|o'neil|False"
            assert page(web.site("two").url).startswith(f"|{EVERY}|")
            assert page(web.site("two").url + "/api").startswith(f"api|{EVERY}|")

        def test_logs(web):
            with pytest.raises(HTTPError, match="500"):
                urlopen(web.url + "/Default.aspx?why=tea")
            for number in range(50):
                urlopen(web.site("two").url + f"/Default.aspx?n={number}").close()
            assert sorted(one.query for one in web.requests("two")) == sorted(f"n={number}" for number in range(50))
            assert [one.status for one in web.requests("O'Neil & Sons 100%") if one.query == "why=tea"] == [500]
            assert any("no tea" in event.message and event.id == 1309 for event in web.events())

        def test_what_iis_answers_itself_is_no_event(web):
            for path in ("/favicon.ico", "/nothing.css?v=1", "/Web.config"):
                with pytest.raises(HTTPError, match="404"):
                    urlopen(web.url + path)
            assert urlopen(web.url + "/Default.aspx").headers["Content-Type"] == "text/html; charset=utf-8"
            assert web.events() == []

        def test_the_second_exception_of_a_minute_is_logged_too(web):
            for word in ("milk", "milk"):
                with pytest.raises(HTTPError, match="500"):
                    urlopen(web.url + f"/Default.aspx?why={word}")
            assert len([event for event in web.events() if "no milk" in event.message]) == 2

        def test_recycle(web):
            before = count(web)
            assert count(web) == before + 1
            web.recycle()
            assert count(web) < before

        def test_restart(web):
            urlopen(web.url + "/Default.aspx?once=1").close()
            web.restart()
            assert page(web.site("two").url + "/api").startswith(f"api|{EVERY}|")
            assert [one.query for one in web.requests(since=0)].count("once=1") == 1
        """,
    )
    assert suite.run("-v") == {"passed": 6}


def test_features(suite):
    (suite.path / "one").mkdir()
    (suite.path / "one" / "Web.config").write_text(
        CONFIG.replace(
            "</configuration>",
            '<system.webServer><rewrite><rules><rule name="r"><match url="^old$" /><action type="Rewrite" url="Default.aspx" />'
            "</rule></rules></rewrite></system.webServer></configuration>",
        )
    )
    (suite.path / "one" / "Default.aspx").write_text(PAGE)
    suite.files(
        conftest="""
        from pytest_wincontainers import Site, iis_container

        @iis_container(
            Site("one", path="one", port=80, health="/Default.aspx"),
            features=["url-rewrite", "websockets", "dynamic-compression"],
        )
        def web():
            pass
        """,
        test_it="""
        from urllib.request import urlopen

        def test_it(web):
            assert urlopen(web.url + "/old").status == 200
        """,
    )
    assert suite.run("-v") == {"passed": 1}
