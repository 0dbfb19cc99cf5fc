"""`wincontainers ps`, `logs`, `exec`, `down` and `prune`: the containers that stay on engines."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pytest_wincontainers.cli.kept import all_stacks, complete_names, complete_runs, wanted
from pytest_wincontainers.cli.output import lines_of_stack, moment, out, table
from pytest_wincontainers.errors import DeclarationError, EngineError, WincontainersError, closest

if TYPE_CHECKING:
    from pytest_wincontainers.engines.base import Engine
    from pytest_wincontainers.run.stack import KeptContainer, Stack, Stacks, TakenStack

_every = click.option(
    "-a", "--all", "every", is_flag=True, help="Of all projects, not only of the current directory's."
)
_run = click.option("--run", metavar="ID", help="Of this run, of whatever project.", shell_complete=complete_runs)
_name = click.argument("name", shell_complete=complete_names)


@click.command()
@_every
@click.option("--passwords", is_flag=True, help="Show lines to connect with, with passwords.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def ps(*, every: bool, passwords: bool, as_json: bool) -> None:
    """List the containers that stay.

    These are the containers that `wincontainers up`, or a run with --wincontainers-keep or --wincontainers-reuse,
    has left. "in use" are those that another process is using.
    """
    stacks = all_stacks()
    found = [(stack, one, name) for stack in wanted(stacks, every=every) for name, one in stack.containers.items()]
    states = _states(stacks, [stack for stack, _, _ in found])
    if as_json:
        listed = [_as_json(stack, name, states, passwords=passwords) for stack, _, name in found]
        out(json.dumps(listed, indent=2))
        return
    rows = [
        [
            name,
            one.service,
            states.get(one.info.container_id, "unknown") if one.ready else "not ready",
            one.info.container_name,
            ", ".join(f"{one.info.host}:{port}" for port in one.info.ports.values()),
            moment(stack.until) if not stack.expired else "expired",
            stack.run,
            *([stack.project] if every else []),
        ]
        for stack, one, name in found
    ]
    for line in table(
        ["NAME", "SERVICE", "STATE", "CONTAINER", "ADDRESS", "UNTIL", "RUN", *(["PROJECT"] if every else [])], rows
    ):
        out(line)
    for stack in dict.fromkeys(stack.run for stack, _, _ in found) if passwords else ():
        whole = next(one for one, _, _ in found if one.run == stack)
        for line in lines_of_stack(whole, whole.containers, passwords=True):
            out(line)


@click.command()
@_name
@click.option("-f", "--follow", is_flag=True, help="Go on as the container writes, until Ctrl+C.")
@click.option("--tail", type=click.IntRange(min=0), metavar="N", help="Only the last N lines.")
@_run
def logs(name: str, run: str | None, tail: int | None, *, follow: bool) -> None:
    """Show the output of a container, with the engine's times."""
    from pytest_wincontainers.reports.masks import Mask

    stack, one = _container(name, run)
    mask = Mask(one.info.secrets.values())
    with _engine_of(stack, name) as engine:
        for piece in engine.logs(one.info.container_id, follow=follow, tail=tail):
            sys.stdout.buffer.write(mask.data(piece))
            sys.stdout.buffer.flush()


@click.command("exec", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@_name
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED, metavar="COMMAND...")
@click.option("--user", default="", metavar="NAME", help="The account to run as.")
@_run
def exec_(name: str, command: tuple[str, ...], user: str, run: str | None) -> int:
    """Run a program in a container, without input, and exit with its code.

    For an interactive shell use `docker exec -it` with the container's name, which `wincontainers ps` shows.
    """
    stack, one = _container(name, run)
    # As `docker exec` takes it: what follows are no options of this command.
    command = command[1:] if command[0] == "--" and len(command) > 1 else command
    with _engine_of(stack, name) as engine:
        done = engine.exec(one.info.container_id, command, {}, user=user)
    click.echo(done.stdout, nl=False)
    click.echo(done.stderr, nl=False, err=True)
    return done.exit_code


@click.command()
@_every
@_run
@click.option("--forget", is_flag=True, help="Also forget those on an engine that is gone or does not answer.")
def down(run: str | None, *, every: bool, forget: bool) -> int:
    """Remove the containers that stay.

    Those that a run uses at this moment are left alone. A `wincontainers up` of the same project is waited for.
    """
    from pytest_wincontainers.run.locks import WAITING, ProjectLock
    from pytest_wincontainers.run.stack import projects_around

    stacks = all_stacks()
    chosen = wanted(stacks, every=every, run=run)
    if not every:
        folder = Path.cwd() if run is None else Path(chosen[0].project)
        ProjectLock.wait_for(
            stacks.state, projects_around(folder), lambda: click.echo(f"wincontainers: {WAITING}", err=True)
        )
        # Whoever held it may have changed them.
        chosen = wanted(stacks, every=every, run=run)
    if not chosen:
        out("nothing to remove" + ("" if every else f" for {Path.cwd()}; see `wincontainers ps --all`"))
    return _removed(stacks, chosen, forget=forget)


@click.command()
@click.option("-a", "--all", "every", is_flag=True, help="Also of `wincontainers up` and --wincontainers-reuse.")
def prune(*, every: bool) -> int:
    """Remove what red, killed and expired runs have left.

    Removes the containers that runs with --wincontainers-keep have left, those whose lease has run out, and those of
    killed runs, of all projects; with --all also those of `wincontainers up` and --wincontainers-reuse. What a run is
    using stays.
    """
    stacks = all_stacks()
    chosen = [one for one in stacks.all() if every or one.expired or one.why == "keep"]
    status = _removed(stacks, chosen)
    return max(status, _swept(stacks.state))


def _removed(stacks: Stacks, chosen: Sequence[Stack], *, forget: bool = False) -> int:
    status = 0
    for stack in chosen:
        taken = stacks.take(stack.run)
        if taken is None:
            click.echo(f"wincontainers: run {stack.run} is in use and was left alone", err=True)
            status = 1
            continue
        done = "removed"
        try:
            problems = _remove(taken)
        except WincontainersError as refused:
            if forget:
                problems, done = [], "forgot"
            else:
                again = f"wincontainers down --forget --run {stack.run}"
                problems = [str(refused), f"if that engine is gone, `{again}` forgets run {stack.run}"]
        for problem in problems:
            click.echo(f"wincontainers: {problem}", err=True)
        if problems:
            taken.lock.let_go()
            status = 1
        else:
            stacks.forget(stack.run)
            taken.lock.release()
            out(f"{done} {', '.join(stack.containers) or 'what was left'} (run {stack.run})")
    return status


def _remove(taken: TakenStack) -> list[str]:
    from pytest_wincontainers.guests import RULES
    from pytest_wincontainers.run.removal import remove_run

    with _engine(taken.stack) as engine:
        return remove_run(engine, taken.stack.run, rounds=RULES[engine.info().guest].removal_rounds)


def _swept(state: Path) -> int:
    from pytest_wincontainers.engines.registry import docker_address, make_engine
    from pytest_wincontainers.run.removal import sweep
    from pytest_wincontainers.session.project import settings_of

    settings = settings_of(Path.cwd())
    with closing(make_engine(docker_address(settings.engine, settings.insecure_engine))) as engine:
        # An engine that does not answer has nothing swept, and says so here.
        engine.info()
        swept = sweep(engine, state, "")
    for line in swept.removed:
        out(line)
    for problem in swept.problems:
        click.echo(f"wincontainers: {problem}", err=True)
    return 1 if swept.problems else 0


# -- what there is ------------------------------------------------------------------------------------------------


def _container(name: str, run: str | None) -> tuple[Stack, KeptContainer]:
    stacks = wanted(all_stacks(), run=run)
    for stack in stacks:
        if name in stack.containers:
            return stack, stack.containers[name]
    known = [name for stack in stacks for name in stack.containers]
    if not known:
        raise DeclarationError(
            f"there are no containers of {Path.cwd()}",
            hint="start them with `wincontainers up`; see `wincontainers ps --all`",
        )
    raise DeclarationError(
        f"no container is called {name!r}{closest(name, known)}", hint=f"there are {', '.join(dict.fromkeys(known))}"
    )


@contextmanager
def _engine(stack: Stack) -> Iterator[Engine]:
    from pytest_wincontainers.engines.registry import make_engine

    with closing(make_engine(stack.engine)) as engine:
        if engine.info().id != stack.engine_id:
            raise EngineError(
                f"the containers of run {stack.run} are on another engine than the one that answers now",
                hint="connect to that engine as the run did, for example with the same DOCKER_HOST",
            )
        yield engine


@contextmanager
def _engine_of(stack: Stack, name: str) -> Iterator[Engine]:
    """The engine, on which that container is known to be."""
    from pytest_wincontainers.run.removal import NAME, RUN

    with _engine(stack) as engine:
        if not engine.containers([f"{RUN}={stack.run}", f"{NAME}={name}"]):
            raise DeclarationError(f"{name} was removed from the engine", hint="start it anew with `wincontainers up`")
        yield engine


def _states(stacks: Stacks, chosen: Sequence[Stack]) -> dict[str, str]:
    """By the engine's id of a container, a word for its state."""
    from pytest_wincontainers.run.removal import RUN

    found: dict[str, str] = {}
    for stack in {one.run: one for one in chosen}.values():
        gone = {one.info.container_id: "gone" for one in stack.containers.values()}
        try:
            with _engine(stack) as engine:
                listed = engine.containers([f"{RUN}={stack.run}"])
        except WincontainersError:
            continue
        running = "in use" if stacks.in_use(stack) else "running"
        found |= gone | {one.id: running if one.running else "ended" for one in listed}
    return found


def _as_json(stack: Stack, name: str, states: dict[str, str], *, passwords: bool) -> dict[str, object]:
    one = stack.containers[name]
    return {
        "name": name,
        "service": one.service,
        "state": states.get(one.info.container_id, "unknown"),
        "container": one.info.container_name,
        "id": one.info.container_id,
        "host": one.info.host,
        "ports": {str(inside): outside for inside, outside in one.info.ports.items()},
        "until": stack.until,
        "run": stack.run,
        "why": stack.why,
        "project": stack.project,
        **({"access": dict(one.access)} if passwords else {}),
    }
