"""Plans: order, names, and what cannot be."""

import itertools
import re
from pathlib import Path

import pytest

from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.plan import closure, make_plan
from pytest_wincontainers.services import Options
from pytest_wincontainers.services.declaration import Declaration
from pytest_wincontainers.services.generic import Generic
from pytest_wincontainers.services.mysql import MySql


def declared(function, service=None):
    needs = function.__code__.co_varnames[: function.__code__.co_argcount]
    service = service or Generic(Options(image="box:1"), ports=(80,))
    return Declaration(function.__name__, service, function, needs, Path(), f"conftest.py:{function.__name__}", None)


def planned(declarations, needed):
    tokens = (f"secret{number}" for number in itertools.count())
    return make_plan(declarations, needed, "abc", lambda: next(tokens))


def web(database):
    return {"environment": {"DB": database.connection_string}}


def database():
    pass


def other():
    pass


DECLARED = [declared(web), declared(other), declared(database, MySql(Options(), database="shop"))]


def test_needs_come_first_and_the_rest_is_left_out():
    assert [one.name for one in planned(DECLARED, ["web"]).containers] == ["database", "web"]


def test_the_order_of_declaration_decides_between_equals():
    assert [one.name for one in planned(DECLARED, ["database", "other"]).containers] == ["other", "database"]


def test_functions_get_inside_faces_before_anything_runs():
    plan = planned(DECLARED, ["web"])
    assert plan.containers[1].returned == {
        "environment": {"DB": "Server=wc-abc-database;Port=3306;Database=shop;Uid=shop;Pwd=secret0"}
    }


def test_names_are_the_runs_own_and_fit_for_hosts():
    def My_Box():
        pass

    assert planned([declared(My_Box)], ["My_Box"]).containers[0].container_name == "wc-abc-my-box"


def test_secrets_are_known_for_masking_and_never_described():
    plan = planned(DECLARED, ["web"])
    assert plan.secrets == {"secret0", "secret1"}
    text = "\n".join(plan.describe()) + repr(plan)
    assert "secret0" not in text
    assert plan.describe() == [
        "database: mysql",
        "  on the network as wc-abc-database, port 3306",
        "web: container from box:1",
        "  on the network as wc-abc-web, port 80",
        "  is ready after database",
    ]


def test_the_same_needs_give_the_same_plan():
    assert planned(DECLARED, ["web", "other"]).describe() == planned(DECLARED, ["other", "web"]).describe()


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        ("x", "returned str, not a dictionary"),
        ({"enviroment": {}}, "did you mean 'environment'?"),
        ({"environment": "x"}, "the returned environment must be a dictionary, not 'x'"),
    ],
)
def test_what_a_function_may_not_return(returned, words):
    def box():
        return returned

    with pytest.raises(DeclarationError, match="conftest.py:box: ") as caught:
        planned([declared(box)], ["box"])
    assert words in str(caught.value)
    assert caught.value.hint or "did you mean" in str(caught.value)


def test_what_a_function_raises_has_its_place():
    def box():
        return {}["x"]

    with pytest.raises(DeclarationError, match="box raised KeyError: 'x'") as caught:
        planned([declared(box)], ["box"])
    assert re.fullmatch(r'.*test_plan.py:\d+: in box\n    return {}\["x"\]', caught.value.details)


def test_closure_follows_needs_and_leaves_unknown_names():
    assert closure(DECLARED, ["web", "nobody"]) == {"web", "database", "nobody"}
