"""Stack traces for people."""

from pytest_wincontainers.reports.stacks import StackFolder, has_stack
from pytest_wincontainers.services.iis.logs import _exception_first

MONO = [
    "System.InvalidOperationException: the cart is empty ---> System.ArgumentException: inner",
    "   --- End of inner exception stack trace ---",
    "  at ASP.broken_aspx.__RenderTree (System.Web.UI.HtmlTextWriter __output) [0x00015] in <e7c0ec1980e3408cb17323f5241030e9>:0 ",
    "  at System.Web.UI.Control.RenderChildren (System.Web.UI.HtmlTextWriter writer) [0x0000b] in <104e6566bcca4c7abc>:0 ",
    "  at System.Web.UI.Page.ProcessRequest (System.Web.HttpContext context) [0x00062] in <104e6566bcca4c7abc3969f72>:0 ",
]


def test_the_frameworks_frames_are_folded():
    assert StackFolder().fold(MONO) == [
        *MONO[:2],
        "  at ASP.broken_aspx.__RenderTree (System.Web.UI.HtmlTextWriter __output)",
        "  (2 frames of System)",
    ]


def test_the_frame_that_threw_and_the_projects_own_are_kept():
    lines = [
        "   at System.Data.SqlClient.SqlConnection.Open()",
        "   at System.Data.Common.DbDataAdapter.Fill(DataSet dataSet)",
        "   at Microsoft.Practices.Data.Helper.Load()",
        r"   at Shop.Orders.Load(Int32 id) in C:\src\Orders.cs:line 12",
        "   at System.Web.UI.Page.ProcessRequest()",
    ]
    assert StackFolder().fold(lines) == [lines[0], "   (2 frames of Microsoft, System)", lines[3], lines[4]]


def test_a_stack_is_told_once():
    """ASP.NET has it for the exception and for the thread; a page and the event log have it as well."""
    folder = StackFolder()
    lines = ["   bei Shop.Orders.Load()", "   bei Shop.Page.Show()"]
    assert folder.fold(["first", *lines, "second", *lines]) == [
        "first",
        *lines,
        "second",
        "   (the same stack as above)",
    ]
    assert folder.fold(["third", *lines]) == ["third", "   (the same stack as above)"]
    other = [*lines, "   bei Shop.Other.Show()"]
    assert folder.fold(other) == other


def test_other_lines_are_no_frames():
    lines = ["  at the end", "at once", "  GET /at (x)", "10:00:00 at x.y()"]
    assert StackFolder().fold(lines) == lines
    assert not has_stack(lines)
    assert has_stack(MONO)


EVENT = [
    "Event code: 3005",
    "Event message: An unhandled exception has occurred.",
    "Application information:",
    "    Application domain: /LM/W3SVC/1/ROOT-1-134",
    "Process information:",
    "    Process name: w3wp.exe",
    "Exception information:",
    "    Exception type: InvalidOperationException",
    "    Exception message: no tea",
    "   at Shop.Page.Show()",
    "   at System.Web.UI.Page.ProcessRequest()",
    "Request information:",
    "    Request URL: http://web/Throws.aspx",
    "Thread information:",
    "    Stack trace:    at Shop.Page.Show()",
]


def test_an_event_begins_with_its_exception():
    assert _exception_first(EVENT) == [*EVENT[6:11], *EVENT[11:], *EVENT[:6]]
    assert _exception_first(["Request URL: x", "Shop.CartException: empty", "  at a.b()"]) == [
        "Shop.CartException: empty",
        "  at a.b()",
        "Request URL: x",
    ]
    assert _exception_first(["ended", "by itself"]) == ["ended", "by itself"]
    assert _exception_first([]) == []
