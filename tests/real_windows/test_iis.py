"""IIS itself: pools, logs, events and features."""

import pytest

from tests.real_windows import MARKS

pytestmark = MARKS

CONFIG = """<configuration>
  <system.web><compilation debug="true" targetFramework="4.8" /><customErrors mode="Off" /></system.web>
</configuration>
"""
REWRITES = CONFIG.replace(
    "</configuration>",
    '<system.webServer><rewrite><rules><rule name="r"><match url="^old$" /><action type="Rewrite" url="Default.aspx" />'
    "</rule></rules></rewrite></system.webServer></configuration>",
)
PAGE = """<%@ Page Language="C#" %><%@ Import Namespace="System" %>
<% if (Request.QueryString["why"] != null) throw new InvalidOperationException("no " + Request.QueryString["why"]); %>
<%= Environment.GetEnvironmentVariable("MODE") %>|<%= Environment.GetEnvironmentVariable("ALL") %>|<%= Environment.UserName %>|<%= Environment.Is64BitProcess %>
"""
COUNT = '<%@ Page Language="C#" %><script runat="server">static int count;</script><%= ++count %>'
# A blank comes first, and whatever is written out and read must keep it.
EVERY = "".join(chr(code) for code in range(32, 127))


@pytest.fixture
def site(suite):
    """Write a site's folder."""

    def write(name, config=CONFIG):
        (suite.path / name).mkdir()
        for file, content in {"Web.config": config, "Default.aspx": PAGE, "Count.aspx": COUNT}.items():
            (suite.path / name / file).write_text(content)

    return write


def test_sites_pools_logs_and_events(suite, site):
    site("one")
    site("two")
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
        import pytest
        from conftest import EVERY
        from host import only_real
        from urllib.error import HTTPError
        from urllib.request import urlopen

        def page(url):
            return urlopen(url + "/Default.aspx").read().decode().strip("\\r\\n")

        def count(web):
            return int(urlopen(web.url + "/Count.aspx").read())

        def test_pools_have_their_variables(web):
            assert page(web.url).startswith(f"{EVERY}|{EVERY}|")
            assert page(web.site("two").url).startswith(f"|{EVERY}|")
            assert page(web.site("two").url + "/api").startswith(f"api|{EVERY}|")

        @only_real
        def test_pools_have_their_account_and_bitness(web):
            assert page(web.url) == f"{EVERY}|{EVERY}|o'neil|False"
            assert page(web.site("two").url) == f"|{EVERY}|two|True"

        def test_a_virtual_directory(web):
            assert int(urlopen(web.site("two").url + "/files/Count.aspx").read()) == 1

        def test_logs(web):
            with pytest.raises(HTTPError, match="500"):
                urlopen(web.url + "/Default.aspx?why=tea")
            for number in range(50):
                urlopen(web.site("two").url + f"/Default.aspx?n={number}").close()
            # A log has whole seconds, so the last request of the test before may be among them.
            numbers = [one.query for one in web.requests("two") if one.query.startswith("n=")]
            assert sorted(numbers) == sorted(f"n={number}" for number in range(50))
            assert [one.status for one in web.requests("O'Neil & Sons 100%") if one.query == "why=tea"] == [500]
            assert ["no tea" in event.message and event.id == 1309 for event in web.events()] == [True]

        def test_what_iis_answers_itself_is_no_event(web):
            for path in ("/favicon.ico", "/nothing.css?v=1", "/Web.config"):
                with pytest.raises(HTTPError, match="40[34]"):
                    urlopen(web.url + path)
            assert urlopen(web.url + "/Default.aspx").headers["Content-Type"] == "text/html; charset=utf-8"
            assert web.events() == []

        def test_the_second_exception_of_a_minute_is_logged_too(web):
            for word in ("milk", "milk"):
                with pytest.raises(HTTPError, match="500"):
                    urlopen(web.url + f"/Default.aspx?why={word}")
            assert ["no milk" in event.message for event in web.events()] == [True, True]

        def test_recycle(web):
            assert count(web) + 1 == count(web)
            web.recycle()
            assert count(web) == 1

        def test_restart(web):
            urlopen(web.url + "/Default.aspx?once=1").close()
            web.restart()
            assert page(web.site("two").url + "/api").startswith(f"api|{EVERY}|")
            assert [one.query for one in web.requests(since=0)].count("once=1") == 1
        """,
    )
    assert suite.run("-v") == suite.passed(8, only_real=1)


def test_features(suite, site):
    site("one", REWRITES)
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
        from host import only_real
        from urllib.request import Request, urlopen

        APPCMD = "C:\\\\Windows\\\\System32\\\\inetsrv\\\\appcmd.exe"

        def test_the_site_answers(web):
            assert urlopen(web.url + "/Default.aspx").status == 200

        @only_real
        def test_url_rewrite(web):
            assert urlopen(web.url + "/old").status == 200

        @only_real
        def test_websockets(web):
            modules = web.exec(APPCMD, "list", "module", "WebSocketModule", check=True).output
            assert "WebSocketModule" in modules

        @only_real
        def test_dynamic_compression(web):
            asked = Request(web.url + "/Default.aspx", headers={"Accept-Encoding": "gzip"})
            assert urlopen(asked).headers["Content-Encoding"] == "gzip"
        """,
    )
    assert suite.run("-v") == suite.passed(4, only_real=3)
