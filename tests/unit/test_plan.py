"""Plans: order, names, and what cannot be."""

import itertools
import re
from pathlib import Path

import pytest

from pytest_wincontainers.dependencies import closure
from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.plan import make_plan, part_of
from pytest_wincontainers.services import Options
from pytest_wincontainers.services.declaration import Declaration
from pytest_wincontainers.services.generic import Generic
from pytest_wincontainers.services.iis import Iis
from pytest_wincontainers.services.iis.sites import Site
from pytest_wincontainers.services.mysql import MySql


def declared(function, service=None):
    needs = function.__code__.co_varnames[: function.__code__.co_argcount]
    service = service or Generic(Options(image="box:1"), ports=(80,))
    return Declaration(function.__name__, service, function, needs, Path(), f"conftest.py:{function.__name__}", None)


def planned(declarations, needed, workers=()):
    tokens = (f"secret{number}" for number in itertools.count())
    return make_plan(declarations, needed, "abc", lambda: next(tokens), workers)


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


def site(database):
    return {"connection_strings": {"Shop": database.connection_string}}


def page(site):
    return {"environment": {"SITE": site.url}}


def browser(site, web):
    pass


def for_workers(*needed, workers=("gw0", "gw1"), **options):
    """The plan with a database for each worker, by name."""
    sites = Iis(Options(), (Site("shop", ".", 8080),))
    declarations = [
        declared(database, MySql(Options(), database="shop", per_worker=True, **options)),
        declared(site, sites),
        *map(declared, (web, page, browser, other)),
    ]
    return {one.name: one for one in planned(declarations, needed, workers).containers}


@pytest.fixture(autouse=True)
def web_config(tmp_path, monkeypatch):
    (tmp_path / "web.config").write_text("<configuration />")
    monkeypatch.chdir(tmp_path)


def test_a_container_that_depends_on_what_workers_have_is_one_for_each_worker():
    plan = for_workers("web")
    assert list(plan) == ["database", "web-gw0", "web-gw1"]
    found = {name: one.returned["environment"]["DB"].split(";")[2] for name, one in plan.items() if name != "database"}
    assert found == {"web-gw0": "Database=shop_gw0", "web-gw1": "Database=shop_gw1"}
    assert {one.container_name for one in plan.values()} == {"wc-abc-database", "wc-abc-web-gw0", "wc-abc-web-gw1"}


def test_a_web_server_has_sites_for_each_worker_and_its_dependents_see_theirs():
    plan = for_workers("page")
    assert list(plan) == ["database", "site", "page-gw0", "page-gw1"]
    assert plan["site"].workers == ("gw0", "gw1")
    shares = plan["site"].service._shares
    assert ["Database=shop_gw1" in one["connection_strings"]["Shop"] for one in shares.values()] == [False, True]
    assert plan["page-gw1"].returned == {"environment": {"SITE": "http://wc-abc-site:8081"}}


def test_what_is_the_same_for_all_workers_is_shared_and_waits_for_each():
    plan = for_workers("browser", "other")
    assert plan["browser"].needs == ("site", "web-gw0", "web-gw1")
    assert plan["other"].workers == plan["browser"].workers == ()


def test_without_workers_there_is_one_of_each():
    plan = for_workers("browser", workers=())
    assert list(plan) == ["database", "site", "web", "browser"]
    assert plan["database"].workers == ()


def test_a_server_cannot_differ_for_the_workers_that_share_it():
    def second(database):
        return {"environment": {"DB": database.database}}

    declarations = [
        declared(database, MySql(Options(), per_worker=True)),
        declared(second, MySql(Options(), per_worker=True)),
    ]
    with pytest.raises(DeclarationError, match="conftest.py:second: second: its environment would differ"):
        planned(declarations, ["second"], ("gw0", "gw1"))


def test_a_worker_that_nothing_was_prepared_for():
    with pytest.raises(DeclarationError, match="nothing was prepared for the pytest-xdist worker gw7"):
        part_of(MySql(Options(), per_worker=True), ("gw0", "gw1"), "gw7")
