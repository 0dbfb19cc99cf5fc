"""When sites are ready, and what is told of one that fails."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pytest_wincontainers.errors import NotReady
from pytest_wincontainers.services.iis import readiness
from pytest_wincontainers.services.iis.logs import Event
from pytest_wincontainers.services.iis.readiness import SitesAnswer
from pytest_wincontainers.services.iis.sites import Site

MONO = """<html><head><title>Error 500</title></head><body><h1>Application Exception</h1>
<p>no tea</p>
<div>Exception stack trace:</div>
<pre>at ASP.throws_aspx.__RenderTree (Writer w) [0x0003a] in &lt;4eb6&gt;:0
  at System.Web.UI.Page.Render () [0x00172] in &lt;104e&gt;:0</pre>
<div>Error source file: /srv/sites/shop/Throws.aspx</div>
<b>Version Information:</b> 6.8.0.105 <i>Powered by Mono</i>
<!--
[System.InvalidOperationException]: no tea
  at ASP.throws_aspx.__RenderTree (Writer w) [0x0003a] in &lt;4eb6&gt;:0
-->
</body></html>"""
MICROSOFT = """<html><head><title>no tea</title></head><body><h1>Server Error in '/' Application.</h1>
<h2>no tea</h2>
<b>Source File: </b> c:\\sites\\shop\\Throws.aspx <b>Line: </b> 2
<b>Stack Trace:</b>
<pre>[InvalidOperationException: no tea]
   ASP.throws_aspx.__Render__control1(HtmlTextWriter __w) in c:\\sites\\shop\\Throws.aspx:2
   System.Web.UI.Page.ProcessRequestMain(Boolean a, Boolean b) +13737</pre>
<b>Version Information:</b> Microsoft .NET Framework Version:4.0.30319"""
EVENT = """Event code: 3005
Event message: An unhandled exception has occurred.
Request URL: http://10.0.0.1:8080/Throws.aspx
System.InvalidOperationException: no tea
  at ASP.throws_aspx.__RenderTree (Writer w) [0x0003a] in <4eb6>:0
  at System.Web.UI.Page.Render () [0x00172] in <104e>:0"""


def event(message):
    return Event(0.0, "ASP.NET 4.0.30319.0", 1309, "Warning", message)


class Server:
    """A web server that gives one answer, and its event log."""

    host = "127.0.0.1"

    def __init__(self, status, page="", events=()):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(status)
                self.end_headers()
                self.wfile.write(page.encode())

            def log_message(self, *arguments):
                pass

        self.server = ThreadingHTTPServer((self.host, 0), Handler)
        self.ports = {80: self.server.server_port}
        self._events = events
        self.log = "2026-11-25T03:05:11.2Z started\n"

    def events(self):
        return self._events

    def logs(self):
        return self.log

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.01,)).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def failure(status, page="", events=(), health="/Throws.aspx"):
    with Server(status, page, events) as server, pytest.raises(NotReady) as caught:
        SitesAnswer((Site("shop", "shop", 80, health=health),))(server)
    return caught.value


@pytest.mark.parametrize("page", [MONO, MICROSOFT])
def test_a_stack_is_told_once(page):
    said = failure(500, page, [event(EVENT)] * 3).details
    assert said.count("__Render") == 1
    assert said.count("Event code") == 1
    assert "[InvalidOperationException" not in said
    assert "tack" not in said
    assert "<!--" not in said
    assert "Version" not in said
    assert "Throws.aspx" in said.partition("event log:")[0]


@pytest.mark.parametrize(
    ("page", "line"), [(MONO, "at ASP.throws_aspx"), (MICROSOFT, "ASP.throws_aspx.__Render__control1")]
)
def test_the_pages_own_where_no_event_tells_of_it(page, line):
    said = failure(500, page).details
    assert said.count(line) == 1
    assert "event log" not in said


def test_the_event_is_the_sites_own():
    others = event(EVENT.replace("/Throws.aspx", "/Other.aspx").replace("no tea", "no coffee"))
    said = failure(500, "", [event(EVENT), others]).details
    assert "no tea" in said
    assert "no coffee" not in said
    # One of the application's start names no page.
    assert "no coffee" in failure(500, "", [others]).details


@pytest.mark.parametrize("status", [200, 302, 401, 403, 404])
def test_at_the_root_every_answer_but_an_error_of_the_server_will_do(status):
    with Server(status) as server:
        assert SitesAnswer((Site("shop", "shop", 80),))(server) is None


def test_a_page_that_is_not_there_is_asked_for_again_for_a_while(monkeypatch):
    answers = SitesAnswer((Site("shop", "shop", 80, health="/helth"),))
    with Server(404, MONO.replace("no tea", "no such file")) as server:
        assert answers(server) == "site shop: HTTP status 404"
        monkeypatch.setattr(readiness, "_NOT_FOUND_SECONDS", 0.0)
        with pytest.raises(NotReady) as caught:
            answers(server)
    assert caught.value.message == "the site shop responds to /helth with HTTP status 404"
    assert "no such file" in caught.value.details
    assert "health=" in caught.value.hint


def test_a_web_config_that_the_server_cannot_read_is_not_waited_for():
    what = "Unrecognized configuration section <customError> (/srv/sites/shop/web.config line 11)"
    said = f"2026-11-25T03:05:13.7Z Failed to process connection.\n2026-11-25T03:05:13.7Z {what}\n"
    with Server(502) as server:
        answers = SitesAnswer((Site("shop", "shop", 80),))
        # What was said before may be mended.
        server.log += said
        assert answers(server) == "site shop: HTTP status 502"
        assert answers(server) == "site shop: HTTP status 502"
        server.log += said
        with pytest.raises(NotReady, match="does not start because a web.config is invalid") as caught:
            answers(server)
    assert caught.value.details == what
