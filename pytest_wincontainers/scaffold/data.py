"""The databases of a project, what makes them, and the settings that lead to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.scaffold.configuration import Configuration, Entry
from pytest_wincontainers.scaffold.names import identifier, unique
from pytest_wincontainers.scaffold.project import Database, Guess, Migrations, Setting
from pytest_wincontainers.scaffold.scripts import NAMED, RULE, Candidate, scripts_of
from pytest_wincontainers.scaffold.services import Services
from pytest_wincontainers.scaffold.tree import Tree

_UNNAMED = "test"


@dataclass
class Data:
    """What was found; `service` is the compose file's service that has the first database, if there is one."""

    databases: list[Database] = field(default_factory=list)
    settings: list[Setting] = field(default_factory=list)
    service: str = ""
    service_migrations: Migrations | None = None
    guesses: list[Guess] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)


def data_of(tree: Tree, configurations: Sequence[Configuration], services: Services, taken: set[str]) -> Data:
    """The databases that the connection strings name, each with its migrations; `taken` are names of fixtures."""
    data = Data()
    entries = [one for configuration in configurations for one in configuration.entries]
    names = _names(entries, data)
    candidates = [one for one in _candidates(tree, entries, data) if not _run_already(one, services, data)]
    service = next((one for one in services.entries if one.kind == "mysql"), None)
    if not names and not service and candidates:
        names = [_UNNAMED]
        data.guesses.append(Guess("database", _UNNAMED, f"there is {candidates[0].path}, and nothing names a database"))
    fixtures: dict[str, str] = {}
    own = names
    if service is not None:
        data.service = service.name
        data.guesses.append(Guess("database", f"the service {service.name}", "its image has MySQL or MariaDB"))
        fixtures |= dict.fromkeys(names[:1], service.fixture)
        own = names[1:]
    for name in own:
        wanted = "database" if len(names) == 1 else f"{identifier(name) or 'other'}_database"
        fixtures[name] = unique(wanted, taken)
        data.databases.append(Database(fixtures[name], name))
    _assign(candidates, data)
    _add_settings(entries, fixtures, data)
    return data


def _names(entries: Sequence[Entry], data: Data) -> list[str]:
    """The databases that connection strings name, in their order."""
    names: dict[str, str] = {}
    for entry in entries:
        if entry.mysql is None:
            data.checks.append(
                f"the connection string {entry.name} in {entry.file} stays as it is: it is not for MySQL, "
                "or names no database"
            )
        elif entry.mysql.database.lower() not in (name.lower() for name in names):
            if problem := _refused(entry.mysql.database):
                data.checks.append(f"the connection string {entry.name} in {entry.file} stays as it is: {problem}")
                continue
            names[entry.mysql.database] = entry.name
            reason = f"the connection string {entry.name} in {entry.file} names it, and {entry.mysql.reason}"
            data.guesses.append(Guess("database", entry.mysql.database, reason))
    return list(names)


def _refused(database: str) -> str:
    """Why a server would not take the name."""
    from pytest_wincontainers.services.mysql import MySql

    try:
        MySql({}, database=database).check(Path())
    except DeclarationError as problem:
        return problem.message
    return ""


def _candidates(tree: Tree, entries: Sequence[Entry], data: Data) -> list[Candidate]:
    scripts = scripts_of(tree)
    data.checks += scripts.notes
    connections = [one for one in entries if one.kind == "connection_strings"]
    # SQL beside another kind of database is hardly MySQL's.
    if connections and not any(one.mysql for one in entries):
        return []
    return scripts.candidates


def _run_already(candidate: Candidate, services: Services, data: Data) -> bool:
    """Whether a service of the compose file runs the files by itself."""
    if not services.initial & {candidate.path, *candidate.path.parents}:
        return False
    data.guesses.append(Guess("schema", str(candidate.path), "the compose file gives it to a service, which runs it"))
    return True


def _assign(candidates: Sequence[Candidate], data: Data) -> None:
    """Give the databases their migrations: by the names of directories if there are several, else the best ones."""
    left = list(candidates)
    if len(data.databases) > 1:
        for place, database in enumerate(data.databases):
            words = identifier(database.database)
            mine = [one for one in left if words in {identifier(part) for part in one.path.parts}]
            if words and mine:
                left = _take(mine[0], left, database.database, data, named=True)
                data.databases[place] = replace(database, migrations=mine[0].migrations)
    # What bears no database's name is the first one's.
    if data.service and left:
        data.service_migrations = left[0].migrations
        left = _take(left[0], left, data.service, data, named=False)
    elif left and data.databases and data.databases[0].migrations is None:
        data.databases[0] = replace(data.databases[0], migrations=left[0].migrations)
        left = _take(left[0], left, data.databases[0].database, data, named=False)
    data.checks += [f"{one.path} is not used, although it {one.title}" for one in left if one.style <= NAMED]


def _take(chosen: Candidate, left: Sequence[Candidate], database: str, data: Data, *, named: bool) -> list[Candidate]:
    reason = f"it {chosen.title}"
    others = [one for one in left if one != chosen]
    if named:
        reason += ", and the database's name is in its path"
    elif others:
        reason += f", and is the first of {len(left)}: {RULE}"
    data.guesses.append(Guess(f"migrations of {database}", str(chosen.path), reason))
    return others


def _add_settings(entries: Sequence[Entry], fixtures: dict[str, str], data: Data) -> None:
    known = {name.lower(): fixture for name, fixture in fixtures.items()}
    found: dict[tuple[str, str], Setting] = {}
    for entry in entries:
        if entry.mysql is None or entry.mysql.database.lower() not in known:
            continue
        fixture = known[entry.mysql.database.lower()]
        setting = Setting(entry.kind, entry.name, fixture, entry.mysql.before, entry.mysql.after)
        first = found.setdefault((entry.kind, entry.name), setting)
        if first != setting:
            data.checks.append(
                f"{entry.name} in {entry.file} has another value than in another site: give one of them its own "
                "iis_container"
            )
        if "driver=" in entry.mysql.before.lower():
            data.checks.append(
                f"{entry.name} names an ODBC driver, which the container must have; on a Linux engine it is called "
                "MariaDB Unicode"
            )
    data.settings = list(found.values())
