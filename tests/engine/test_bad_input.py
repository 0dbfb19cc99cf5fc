"""What goes wrong with a container: those who need it are told what and why, and no others. What a declaration alone
shows to be wrong is in tests/unit/test_refusals.py.
"""

from xml.etree import ElementTree

from tests.windows import standins

CONFTEST = """
from guest import IMAGE
from pytest_wincontainers import container, mysql_container

SLEEP = ["box", "sleep"]

def fail(endpoint):
    return 1 / 0

@container(build="broken")
def image(): pass

@container(image="wincontainers.invalid/nothing:1")
def nobodys(): pass

@container(image=IMAGE, ports=[80], command=["box", "end", "7", "last words"])
def short(): pass

@container(image=IMAGE, command=["no-such-program"])
def programless(): pass

@container(image=IMAGE, command=SLEEP, ports=[81], timeout=1)
def deaf(): pass

@container(image=IMAGE, command=SLEEP, ready=fail)
def unchecked(): pass

@container(image=IMAGE, command=SLEEP, prepare=fail)
def unprepared(): pass

@mysql_container(migrations="migrations")
def database(): pass

@container(image=IMAGE, ports=[80], command=["box", "end", "1"])
def first(): pass

@container(image=IMAGE, command=SLEEP)
def second(first): pass

@container(image=IMAGE, command=SLEEP)
def fine(): pass
"""
FAILS = {
    "image": ["building the image in", "| step 2 says no", "hint: build it manually to see more: docker build"],
    "nobodys": ["the image wincontainers.invalid/nothing:1", "could not be pulled\n  | "],
    "short": ["short ended before it was ready with exit code 7", "| last words", "hint: its full log is"],
    "programless": ["the Docker engine refused to start", "no-such-program"],
    "deaf": ["deaf is not ready after ", " s: port 81: connection refused", "--wincontainers-timeout"],
    "unchecked": [
        "the readiness check of unchecked raised ZeroDivisionError",
        ": in fail",
        "|     return 1 / 0",
        "hint: a check returns None when it passes",
    ],
    "unprepared": [
        "preparing unprepared failed: ZeroDivisionError",
        ": in fail",
        "|     return 1 / 0",
        "hint: its log is",
    ],
    "database": [
        "the migration 2_bad.sql failed at line 3: 1146: Table 'test.nowhere' doesn't exist",
        "| SELECT * FROM nowhere",
    ],
    "second": ["first ended before it was ready with exit code 1", "| (no output)"],
}


def test_what_fails_fails_the_tests_that_need_it(suite, mode):
    (suite.path / "broken").mkdir()
    (suite.path / "broken" / "Dockerfile").write_text(f"FROM {standins.box()}\nRUN echo step 2 says no; exit 1\n")
    (suite.path / "migrations").mkdir()
    (suite.path / "migrations" / "1_good.sql").write_text("CREATE TABLE t (id INT);")
    (suite.path / "migrations" / "2_bad.sql").write_text("INSERT INTO t VALUES (1);\n\nSELECT * FROM nowhere;\n")
    (suite.path / "migrations" / "10_never.sql").write_text("SELECT 1;")
    tests = [f"def test_{number}_{name}({name}): pass\n" for name in [*FAILS, "fine"] for number in (1, 2)]
    suite.files(conftest=CONFTEST, test_it="\n".join(tests))
    finished = suite.run("--junit-xml=junit.xml", *mode)
    assert finished.outcomes() == {"passed": 2, "errors": 2 * len(FAILS)}
    assert "Traceback" not in finished.output
    told = {case.get("name"): case for case in ElementTree.parse(suite.path / "junit.xml").iter("testcase")}
    for name, words in FAILS.items():
        first, second = ("".join(told[f"test_{number}_{name}"].itertext()) for number in (1, 2))
        if mode == ["-n2"] and words[-1] not in first:
            # The other worker may have been there before.
            first = second
        for word in words:
            assert word in first
        if mode != ["-n2"]:
            # Told in full once; the next test names the first.
            assert words[-1] not in second
            assert "has the full report" in second


def test_a_container_that_ends_during_the_tests(suite, mode):
    suite.files(
        conftest="""
        from guest import IMAGE, ROOT
        from pytest_wincontainers import container

        @container(image=IMAGE, command=["box", "until", ROOT + "door", "5", "bye"])
        def box():
            pass
        """,
        test_it="""
        import time
        from pathlib import Path
        from guest import ROOT

        def test_1_ends_it(box):
            box.exec("box", "touch", ROOT + "door")
            (journal,) = Path(".wincontainers").glob("*-*-*/journal/owner.jsonl")
            deadline = time.monotonic() + 60
            while "box ended during the tests" not in journal.read_text("utf-8"):
                assert time.monotonic() < deadline
                time.sleep(0.05)

        def test_2_says_so(box):
            pass
        """,
    )
    finished = suite.run(*mode, *(["--dist=loadfile"] if mode else []))
    assert finished.outcomes() == {"passed": 1, "errors": 1}
    assert "box ended during the tests with exit code 5" in finished.output
    assert "| bye" in finished.output
