"""The tests in other tools' result files."""

import pytest

from pytest_wincontainers.errors import StartError
from pytest_wincontainers.services.job.results import Case, read_cases

JUNIT = """<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="Headless Chrome">
    <testcase classname="Cart" name="is empty" time="0.25"/>
    <testcase classname="Cart" name="adds ü" time="1,000.5">
      <failure message="Expected 1 to be 2." type="">Expected 1 to be 2.
    at cart.js:7</failure>
      <system-out>LOG: 'added'</system-out>
      <system-err>WARN: 'twice'</system-err>
    </testcase>
    <testcase name="cannot start"><error message="no browser">stack</error></testcase>
    <testcase classname="Cart" name="is shown"><skipped message="not yet"/></testcase>
  </testsuite>
  <testsuite name="other"><testcase classname="Cart" name="is empty" time="x"/></testsuite>
</testsuites>
"""

TRX = """<?xml version="1.0" encoding="utf-8"?>
<TestRun xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010">
  <Results>
    <UnitTestResult testId="1" testName="Adds" outcome="Passed" duration="00:01:02.5000000"/>
    <UnitTestResult testId="2" testName="Shop.Tests.Cart.Divides" outcome="Failed" duration="00:00:00.1">
      <Output>
        <StdOut>dividing</StdOut>
        <ErrorInfo><Message>by zero</Message><StackTrace>at Cart.Divide()</StackTrace></ErrorInfo>
      </Output>
    </UnitTestResult>
    <UnitTestResult testId="1" testName="Waits" outcome="Timeout"/>
    <UnitTestResult testId="1" testName="Later" outcome="NotExecuted"><Output><StdErr>why</StdErr></Output></UnitTestResult>
  </Results>
  <TestDefinitions>
    <UnitTest id="1"><TestMethod className="Shop.Tests.Cart, Shop.Tests" name="Adds"/></UnitTest>
    <UnitTest id="2"><TestMethod className="Shop.Tests.Cart" name="Divides"/></UnitTest>
  </TestDefinitions>
</TestRun>
"""

NUNIT = """<test-run id="2" result="Failed">
  <test-suite type="Assembly"><test-suite type="TestFixture">
    <test-case fullname="Shop.Cart.Adds" name="Adds" result="Passed" duration="0.5"><output>added</output></test-case>
    <test-case fullname="Shop.Cart.Divides" result="Failed" duration="0.1">
      <failure><message>by zero</message><stack-trace>at Cart.Divide()</stack-trace></failure>
    </test-case>
    <test-case fullname="Shop.Cart.Later" result="Skipped"><reason><message>not yet</message></reason></test-case>
  </test-suite></test-suite>
</test-run>
"""


def cases_in(tmp_path, *texts):
    paths = [tmp_path / f"{number}.xml" for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text, "utf-8")
    return read_cases(paths)


def test_junit(tmp_path):
    assert cases_in(tmp_path, JUNIT) == [
        Case("Cart is empty", "passed", 0.25),
        Case("Cart adds ü", "failed", 1000.5, "Expected 1 to be 2.\n    at cart.js:7", "LOG: 'added'\nWARN: 'twice'"),
        Case("cannot start", "failed", 0.0, "no browser\nstack"),
        Case("Cart is shown", "skipped", 0.0, "not yet"),
        Case("Cart is empty (2)", "passed"),
    ]


def test_trx(tmp_path):
    assert cases_in(tmp_path, TRX) == [
        Case("Shop.Tests.Cart Adds", "passed", 62.5),
        Case("Shop.Tests.Cart.Divides", "failed", 0.1, "by zero\nat Cart.Divide()", "dividing"),
        Case("Shop.Tests.Cart Waits", "failed"),
        Case("Shop.Tests.Cart Later", "skipped", 0.0, "", "why"),
    ]


def test_nunit(tmp_path):
    assert cases_in(tmp_path, NUNIT) == [
        Case("Shop.Cart.Adds", "passed", 0.5, "", "added"),
        Case("Shop.Cart.Divides", "failed", 0.1, "by zero\nat Cart.Divide()"),
        Case("Shop.Cart.Later", "skipped", 0.0, "not yet"),
    ]


def test_several_files(tmp_path):
    assert len(cases_in(tmp_path, JUNIT, TRX, NUNIT)) == 12


@pytest.mark.parametrize("text", ["<testsuite><testcase", "", "not XML"])
def test_a_file_that_was_cut_off(tmp_path, text):
    with pytest.raises(StartError, match=r"the test results in .*0\.xml cannot be read: "):
        cases_in(tmp_path, text)


def test_a_file_of_another_format(tmp_path):
    with pytest.raises(StartError, match="begin with <coverage>, which is no known format") as refused:
        cases_in(tmp_path, "<coverage/>")
    assert "JUnit, NUnit 3 or Visual Studio" in refused.value.hint
