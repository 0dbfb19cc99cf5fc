"""Sites as a shop runs them: applications, pools, host headers, and what their logs say."""

import re
import string
from xml.etree import ElementTree

import pytest

from tests.engine.test_sites import CONFIG

pytestmark = pytest.mark.few_hosts

SAYS = """<%@ Page Language="C#" %><%@ Import Namespace="System" %>
<%= System.Configuration.ConfigurationManager.AppSettings["Who"] %>|<%= Environment.GetEnvironmentVariable("MODE") %>|<%= Environment.GetEnvironmentVariable("ALL") %>|<%= Request.ApplicationPath %>
"""
COUNTS = '<%@ Page Language="C#" %><script runat="server">static int count;</script><%= ++count %>'
THROWS = """<%@ Page Language="C#" %>
<% if (Request.QueryString["why"] != null) throw new System.InvalidOperationException("no " + Request.QueryString["why"]); %>fine
"""
FETCH = """
from urllib.error import HTTPError
from urllib.request import Request, urlopen


def fetch(url, host=None, data=None):
    try:
        with urlopen(Request(url, data, {"Host": host} if host else {})) as answer:
            return answer.status, answer.read().decode().strip()
    except HTTPError as problem:
        return problem.code, problem.read().decode()
"""


@pytest.fixture
def sites(suite):
    """A suite with folders of sites: `folder(name, **pages)`."""

    def folder(name, **pages):
        made = suite.path / name
        made.mkdir(parents=True)
        (made / "Web.config").write_text(CONFIG)
        for page, content in pages.items():
            (made / f"{page}.aspx").write_text(content)

    suite.folder = folder
    suite.files(fetch=FETCH)
    return suite


ONE = """
from pytest_wincontainers import AppPool, Application, Site, iis_container

@iis_container(Site("shop", path="shop", port=8080, health="/Default.aspx"{site}){container})
def web():
    {returned}
"""


def one(site="", container="", returned="pass"):
    return ONE.format(site=site, container=container, returned=returned)


def test_applications_pools_and_virtual_directories(sites):
    for name in ("shop", "api", "reports"):
        sites.folder(name, Default=SAYS)
    (sites.path / "shared" / "deep").mkdir(parents=True)
    (sites.path / "shared" / "deep" / "note.txt").write_text("a note")
    (sites.path / "shared" / "Page.aspx").write_text('<%@ Page Language="C#" %><%= 6 * 7 %>')
    sites.files(
        conftest=one(
            """, app_settings={"Who": "the shop"}, pool=AppPool({"MODE": "it's 100% \\"live\\" & <well>", "A.B(x86)": "1"}),
            virtual_directories={"/files": "shared"},
            applications=[
                Application("/api", "api", app_settings={"Who": "the api"}, virtual_directories={"/files": "shared"}),
                Application("/reports", "reports", pool=AppPool({"MODE": "slow"})),
            ]""",
            ', environment={"ALL": "every \\"pool\\"\\u00e4"}',
            'return {"app_settings": {"Other": "x"}}',
        ),
        test_it="""
        from fetch import fetch

        def test_it(web):
            pages = [fetch(f"{web.url}{path}/Default.aspx") for path in ("", "/api", "/reports")]
            mode, every = "it's 100% \\"live\\" & <well>", 'every "pool"\\u00e4'
            assert pages == [
                (200, f"the shop|{mode}|{every}|/"),
                (200, f"the api|{mode}|{every}|/api"),
                (200, f"nobody|slow|{every}|/reports"),
            ]
            assert fetch(web.url + "/files/deep/note.txt") == (200, "a note")
            assert fetch(web.url + "/api/files/Page.aspx") == (200, "42")
        """,
    )
    assert sites.run().outcomes() == {"passed": 1}


def test_sites_that_share_a_port(sites):
    for name in ("shop", "admin"):
        sites.folder(name, Default=SAYS)
    sites.files(
        conftest="""
        from pytest_wincontainers import Site, iis_container

        @iis_container(
            Site("the shop", path="shop", port=80, host_header="shop.local", app_settings={"Who": "shop"}),
            Site("the admin", path="admin", port=80, host_header="admin.local", app_settings={"Who": "admin"}),
        )
        def web():
            pass
        """,
        test_it="""
        from fetch import fetch

        def test_it(web):
            for name in ("shop", "admin"):
                site = web.site(f"the {name}")
                assert site.host_header == f"{name}.local"
                assert fetch(site.url + "/Default.aspx", site.host_header) == (200, f"{name}|||/")
            assert fetch(web.url + "/Default.aspx?x=1", "other.local")[0] == 400
            # The plugin's own first requests are in the same second.
            *answered, refused = [one for one in web.requests() if one.path == "/Default.aspx"]
            assert [(one.site, one.status) for one in answered] == [("the shop", 200), ("the admin", 200)]
            assert (refused.site, refused.status, refused.reason) == ("", 400, "Hostname")
            assert (refused.path, refused.query, refused.milliseconds) == ("/Default.aspx", "x=1", None)
        """,
    )
    assert sites.run().outcomes() == {"passed": 1}


def test_requests_of_the_test_that_asks(sites):
    sites.folder("shop", Default=SAYS, Throws=THROWS)
    sites.files(
        conftest=one(),
        test_it="""
        import time
        import pytest
        from fetch import fetch

        def test_1_before(web):
            assert fetch(web.url + "/Default.aspx?before=1")[0] == 200
            time.sleep(1.1)

        def test_2_asks(web):
            begun = time.time()
            assert web.requests() == []
            assert fetch(web.url + "/Default.aspx?n=1&b=%20x")[0] == 200
            assert fetch(web.url + "/no%20such%20page.aspx", data=b"a=b")[0] == 404
            assert fetch(web.url + "/Throws.aspx?why=tea")[0] == 500
            first, second, third = web.requests("shop")
            assert (first.method, first.path, first.query, first.status) == ("GET", "/Default.aspx", "n=1&b=%20x", 200)
            assert (second.method, second.path, second.query, second.status) == ("POST", "/no such page.aspx", "", 404)
            assert (third.status, third.site, third.fields["s-port"]) == (500, "shop", "8080")
            assert all(begun - 1 <= one.time <= time.time() + 1 for one in (first, second, third))
            assert all(0 <= one.milliseconds < 60_000 for one in (first, second, third))
            *_, event = web.events()
            assert (event.source, event.id, event.level) == ("ASP.NET 4.0.30319.0", 1309, "Warning")
            assert "System.InvalidOperationException: no tea" in event.message
            assert "/Throws.aspx?why=tea" in event.message
            assert abs(event.time - time.time()) < 10
            with pytest.raises(LookupError, match="unknown site: 'other'; the sites are shop"):
                web.requests("other")
            time.sleep(1.1)

        def test_3_everything(web):
            assert web.requests() == [] and web.events() == []
            asked = [one.query for one in web.requests(since=0)]
            assert "before=1" in asked and "n=1&b=%20x" in asked
            assert len(web.events(since=0)) >= 1
        """,
    )
    assert sites.run("-v").outcomes() == {"passed": 3}


def test_an_exception_that_the_application_handles_is_no_event(sites):
    sites.folder("shop", Default=SAYS, Throws=THROWS)
    (sites.path / "shop" / "Global.asax").write_text(
        '<%@ Application Language="C#" %><script runat="server">\n'
        "void Application_Error(object sender, System.EventArgs e) {\n"
        '    if (Request.QueryString["handled"] != null) { Server.ClearError(); Response.Write("handled"); }\n'
        "}\n</script>\n"
    )
    sites.files(
        conftest=one(),
        test_it="""
        from fetch import fetch

        def test_it(web):
            assert fetch(web.url + "/Throws.aspx?why=tea&handled=1") == (200, "handled")
            assert web.events() == []
            assert fetch(web.url + "/Throws.aspx?why=milk")[0] == 500
            assert ["no milk" in event.message for event in web.events()] == [True]
        """,
    )
    assert sites.run().outcomes() == {"passed": 1}


def test_what_iis_answers_itself_is_no_event(sites):
    sites.folder(
        "shop", Default=SAYS, Gone='<%@ Page Language="C#" %><% throw new System.Web.HttpException(404, "gone"); %>'
    )
    (sites.path / "shop" / "folder").mkdir()
    (sites.path / "shop" / "folder" / "note.txt").write_text("a note")
    sites.files(
        conftest=one(),
        test_it="""
        from fetch import fetch

        def test_it(web):
            for path in ("/favicon.ico", "/nothing", "/nothing.css?v=1", "/folder/none.png", "/folder/", "/Web.config"):
                assert fetch(web.url + path)[0] in (403, 404)
            assert web.events() == []
            # A page that is missing, or says so itself, is one on IIS as well.
            for path in ("/nothing.aspx", "/Gone.aspx"):
                assert fetch(web.url + path)[0] >= 400
            assert ["nothing.aspx" in web.events()[0].message, "gone" in web.events()[1].message] == [True, True]
        """,
    )
    assert sites.run().outcomes() == {"passed": 1}


def test_pages_say_their_encoding(sites):
    sites.folder(
        "shop",
        Default=SAYS,
        Latin='<%@ Page Language="C#" ResponseEncoding="iso-8859-1" %>\u00e4',
        Data='<%@ Page Language="C#" ContentType="application/json" %>{}',
        Own='<%@ Page Language="C#" ContentType="text/plain; charset=us-ascii" %>x',
        Early='<%@ Page Language="C#" %>x<% Response.Flush(); %>y',
        Image='<%@ Page Language="C#" ContentType="image/png" %><% Response.BinaryWrite(new byte[] { 1, 2 }); %>',
        Throws=THROWS,
    )
    (sites.path / "shop" / "note.txt").write_text("a note")
    sites.files(
        conftest=one(),
        test_it="""
        from urllib.error import HTTPError
        from urllib.request import urlopen

        def test_it(web):
            def kind(path):
                try:
                    with urlopen(web.url + path) as answer:
                        return answer.headers["Content-Type"]
                except HTTPError as problem:
                    return problem.headers["Content-Type"]
            assert kind("/Default.aspx") == kind("/Early.aspx") == kind("/Throws.aspx?why=x") == "text/html; charset=utf-8"
            assert kind("/nothing.aspx") == "text/html; charset=utf-8"
            assert kind("/Latin.aspx") == "text/html; charset=iso-8859-1"
            assert kind("/Data.aspx") == "application/json; charset=utf-8"
            assert kind("/Own.aspx") == "text/plain; charset=us-ascii"
            assert (kind("/Image.aspx"), kind("/note.txt"), kind("/nothing.txt")) == ("image/png", "text/plain", "text/html")
        """,
    )
    assert sites.run().outcomes() == {"passed": 1}


FAILING = """
import time
from fetch import fetch


def test_1_before(web):
    fetch(web.url + "/Throws.aspx?why=BEFORE")
    time.sleep(1.1)


def test_2_fails(web):
    assert fetch(web.url + "/Throws.aspx?why=DURING")[0] == 200


def test_3_after(web):
    time.sleep(1.1)
    fetch(web.url + "/Throws.aspx?why=AFTER")
"""


def test_a_page_that_throws_is_in_the_report_of_its_test(sites, mode):
    sites.folder("shop", Default=SAYS, Throws=THROWS)
    sites.files(conftest=one(), test_it=FAILING)
    alone = ["--dist=loadfile"] if mode else []
    finished = sites.run("--junit-xml=junit.xml", "-o", "junit_logging=all", *mode, *alone)
    assert finished.outcomes() == {"passed": 2, "failed": 1}
    assert "- web: W3C log of shop -" in finished.output
    assert "- web: event log -" in finished.output
    cases = {case.get("name"): case for case in ElementTree.parse(sites.path / "junit.xml").iter("testcase")}
    reported = cases["test_2_fails"].find("failure").text
    for report in (finished.output.replace(FAILING, ""), reported.replace(FAILING, "")):
        logged = re.search(r"(?m)^#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query .*\n(.*)$", report)[1]
        # IIS writes whole seconds and more fields.
        time = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{3})?"
        assert re.fullmatch(time + r" \S+ GET /Throws.aspx why=DURING 8080 .* 500 (0 0 )?\d+", logged)
        event = re.search(r"(?ms)^\d\d:\d\d:\d\d\.\d{3} Warning ASP.NET 4.0.30319.0 1309\n.*?^  at .*$", report)[0]
        assert "System.InvalidOperationException: no DURING" in event
        assert re.search(r"at ASP\.throws_aspx\.__Render", event)
        assert "BEFORE" not in report
        assert "AFTER" not in report


def test_a_recycled_pool_begins_anew(sites):
    sites.folder("shop", Default=COUNTS)
    sites.folder("admin", Default=COUNTS)
    sites.files(
        conftest="""
        from pytest_wincontainers import Site, iis_container

        @iis_container(
            Site("shop", path="shop", port=8080, health="/Default.aspx"),
            Site("admin", path="admin", port=8081, health="/Default.aspx"),
        )
        def web():
            pass
        """,
        test_it="""
        import pytest
        from fetch import fetch

        def test_it(web):
            shop, admin = (f"{web.site(name).url}/Default.aspx" for name in ("shop", "admin"))
            for count in (2, 3, 4):
                assert fetch(shop) == fetch(admin) == (200, str(count))
            web.recycle("shop")
            # The first request after it is the plugin's own.
            assert (fetch(shop), fetch(admin)) == ((200, "2"), (200, "5"))
            web.recycle()
            assert fetch(shop) == fetch(admin) == (200, "2")
            with pytest.raises(LookupError):
                web.recycle("other")
        """,
    )
    assert sites.run().outcomes() == {"passed": 1}


@pytest.mark.linux_guest
def test_a_pool_that_crashes_is_started_again_and_that_is_an_event(sites):
    sites.folder("shop", Default=SAYS, Ends='<%@ Page Language="C#" %><% System.Environment.Exit(3); %>')
    sites.files(
        conftest=one(),
        test_it="""
        import time
        from fetch import fetch

        def test_it(web):
            assert fetch(web.url + "/Ends.aspx")[0] == 502
            deadline = time.monotonic() + 30
            while fetch(web.url + "/Default.aspx")[0] != 200:
                assert time.monotonic() < deadline
                time.sleep(0.1)
            (event,) = web.events()
            assert (event.source, event.id) == ("WAS", 5011)
            assert event.message == "The process of the application pool shop ended by itself, with status 3."
        """,
    )
    assert sites.run().outcomes() == {"passed": 1}


@pytest.mark.linux_guest
def test_every_one_of_a_thousand_requests_at_once_is_there(sites):
    sites.folder("shop", Default='<%@ Page Language="C#" %><% System.Threading.Thread.Sleep(20); %>fine')
    sites.files(
        conftest=one()
        + """
from guest import IMAGE
from pytest_wincontainers import container

@container(image=IMAGE, command=["box", "sleep"])
def load():
    pass
""",
        test_it="""
        from collections import Counter

        def test_it(web, load):
            for round in range(2):
                page = f"{web.inside.url}/Default.aspx?round={round}"
                done = load.exec("ab", "-q", "-s", "120", "-n", "1000", "-c", "1000", page)
                assert done.exit_code == 0, done.output
                assert "Complete requests:      1000" in done.output and "Failed requests:        0" in done.output
                found = [one for one in web.requests("shop") if one.query == f"round={round}"]
                assert Counter(one.status for one in found) == {200: 1000}
                assert {(one.method, one.path) for one in found} == {("GET", "/Default.aspx")}
                assert min(one.milliseconds for one in found) >= 20
        """,
    )
    assert sites.run().outcomes() == {"passed": 1}


def test_what_a_transform_names_in_vain_is_noted_or_refused(sites):
    sites.folder("shop", Default=SAYS)
    (sites.path / "Web.Vain.config").write_text(
        '<configuration xmlns:xdt="http://schemas.microsoft.com/XML-Document-Transform"><appSettings>'
        '<add key="Nobody" value="x" xdt:Transform="SetAttributes" xdt:Locator="Match(key)" />'
        "</appSettings></configuration>"
    )
    sites.files(conftest=one(', transforms=["Web.Vain.config"]'), test_it="def test_it(web): pass")
    finished = sites.run()
    assert finished.outcomes() == {"passed": 1}
    assert re.search(
        r"web: the web.config of shop: .*Web.Vain.config, line 1: SetAttributes changes nothing", finished.output
    )
    sites.files(conftest=one(', transforms=["Web.Vain.config"], strict=True'))
    finished = sites.run()
    assert finished.status == 4
    assert "a transform of shop does not match its web.config" in finished.output
    assert "hint: fix the transform, or omit strict=True" in finished.output


def test_a_site_that_throws_says_why_also_where_its_page_does_not(sites):
    sites.folder(
        "shop", Default='<%@ Page Language="C#" %><% throw new System.InvalidOperationException("no coffee"); %>'
    )
    (sites.path / "shop" / "Web.config").write_text(CONFIG.replace('mode="Off"', 'mode="On"'))
    sites.files(conftest=one(), test_it="def test_it(web): pass")
    finished = sites.run()
    assert finished.outcomes() == {"errors": 1}
    assert "the site shop responds to /Default.aspx with HTTP status 500" in finished.output
    assert "| System.InvalidOperationException: no coffee" in finished.output


def test_a_site_has_its_own_time(sites):
    sites.folder("shop", Default='<%@ Page Language="C#" %><% System.Threading.Thread.Sleep(60000); %>')
    sites.files(conftest=one(", timeout=8"), test_it="def test_it(web): pass")
    finished = sites.run()
    assert finished.outcomes() == {"errors": 1}
    assert "the site shop did not respond to /Default.aspx within 8 s: timed out" in finished.output
    assert "hint: Site(..., timeout=…) allows more time" in finished.output


EVERY = "".join(chr(code) for code in range(32, 127))


@pytest.mark.windows_guest
def test_appcmd_gets_every_character_as_it_was_meant(sites, engine):
    """The stand-in takes each call apart by the documented rules, and serves the sites by it alone."""
    for name in ("one", "two"):
        sites.folder(name, Default=SAYS)
    sites.files(
        conftest=f"""
        from pytest_wincontainers import AppPool, Application, Site, iis_container

        EVERY = {EVERY!r}

        @iis_container(
            Site("O'Neil & \\"Sons\\" 100%", path="one", port=8080, pool=AppPool(
                {{"MODE": EVERY, "TRAILING": "C:\\\\folder\\\\", "EMPTY": "", "LONG": "x" * 20_000}},
                enable_32bit=True, pipeline_mode="Classic", user="o'neil & co", password=EVERY,
            )),
            Site("two ''", path="two", port=8081, pool=AppPool(identity="NetworkService", runtime="v2.0"), applications=[
                Application("/api", "one", pool=AppPool({{"LONG": "y" * 20_000}}, user="SHOP\\\\svc", password="sec'ret\\\\"))]),
            environment={{"ALL": EVERY}},
        )
        def web():
            pass
        """,
        test_it=f"""
        import json
        from fetch import fetch

        EVERY = {EVERY!r}

        def test_it(web):
            state = json.loads(web.exec("box", "read", "C:\\\\wincontainers\\\\applicationHost.json").output)
            first, second, third = state["pools"].values()
            assert first["processModel.userName"] == "o'neil & co"
            assert first["processModel.password"] == EVERY
            assert first["processModel.identityType"] == "SpecificUser"
            assert first["enable32BitAppOnWin64"] == "true" and first["managedPipelineMode"] == "Classic"
            own = {{"MODE": EVERY, "TRAILING": "C:\\\\folder\\\\", "LONG": "x" * 20_000}}
            assert first["environment"] == {{"ALL": EVERY, **own}}
            assert second["processModel.identityType"] == "NetworkService" and second["managedRuntimeVersion"] == "v2.0"
            assert second["environment"] == {{"ALL": EVERY}}
            assert third["processModel.userName"] == "SHOP\\\\svc" and third["processModel.password"] == "sec'ret\\\\"
            assert state["accounts"] == {{"o'neil & co": EVERY}}
            assert list(state["pools"]) == ["O-Neil-Sons-100", "two", "two-api"]
            assert list(state["sites"]) == ["O'Neil & \\"Sons\\" 100%", "two ''"]
            assert web.exec("box", "has", "C:\\\\wincontainers\\\\setup").exit_code == 1
            web.recycle()
            assert fetch(web.url + "/Default.aspx")[0] == 200
            assert "O'Neil & \\"Sons\\" 100%" in [one.site for one in web.requests()]
        """,
    )
    assert sites.run().outcomes() == {"passed": 1}


assert set(string.printable.strip(string.whitespace)) <= set(EVERY)
