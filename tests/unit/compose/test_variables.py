from pytest_wincontainers.compose.problems import Problems
from pytest_wincontainers.compose.variables import Variables


def test_the_process_comes_before_files(tmp_path):
    (tmp_path / "one.env").write_text("A=file\nB=one\nC=${A}\n", encoding="utf-8")
    (tmp_path / "two.env").write_text("B=two\nD=$B\n", encoding="utf-8")
    found = Variables({"A": "process"}).with_files([tmp_path / "one.env", tmp_path / "two.env"], Problems())
    assert {name: found.get(name) for name in "ABCDE"} == {
        "A": "process", "B": "two", "C": "process", "D": "one", "E": None,
    }  # fmt: skip


def test_an_included_file_does_not_change_what_is_set(tmp_path):
    (tmp_path / "inner.env").write_text("A=inner\nB=inner\n", encoding="utf-8")
    outer = Variables({}, {"A": "outer"})
    assert outer.below([tmp_path / "inner.env"], Problems()).get("A") == "outer"
    assert outer.below([tmp_path / "inner.env"], Problems()).get("B") == "inner"
    assert outer.get("B") is None


def test_case_matters_except_on_windows():
    assert Variables({"Path": "x"}).get("PATH") is None
    assert Variables({"Path": "x"}, any_case=True).get("PATH") == "x"
    assert Variables({}, {"tag": "x"}, any_case=True).get("Tag") == "x"
