"""Declarations: what the decorators create, and how they are found in the modules that pytest has loaded."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import ModuleType
from typing import Any, ParamSpec

import pytest

from pytest_wincontainers.engines.base import EngineInfo
from pytest_wincontainers.errors import DeclarationError, no_option
from pytest_wincontainers.services.options import check_fields
from pytest_wincontainers.services.outputs import outputs_in
from pytest_wincontainers.services.service import Options, Service

ArgumentsT = ParamSpec("ArgumentsT")

ENDPOINTS = pytest.StashKey[Callable[[str], Any]]()
"""In the stash of pytest's configuration: what gives a fixture its endpoint, by the name of the declaration."""

_MARK = "_wincontainers_declaration"


@dataclass(frozen=True, eq=False)
class Declaration:
    """What the user asked for: a service, a name, and the function that is called with its neighbours."""

    name: str
    service: Service
    function: Callable[..., Any]
    parameters: tuple[str, ...]
    """The names of the containers that the function is called with."""
    base: Path
    """The directory of the declaring file, against which relative paths are resolved."""
    where: str
    """File and line, for messages."""
    replaced: Declaration | None = None
    """An earlier one of the same name in the same module."""
    check_engine: Callable[[EngineInfo], None] = field(default=lambda _: None, repr=False)
    """Raises DeclarationError for what it asks for and this engine cannot do."""

    @property
    def needs(self) -> tuple[str, ...]:
        """The names of the containers that it needs: its parameters, and the jobs whose outputs it uses."""
        return tuple(dict.fromkeys([*self.parameters, *(output.job for output in outputs_in(self.service))]))


class Declarations(ModuleType):
    """Several declarations as one value of a module: their fixtures are its attributes.

    It is a module itself, as pytest looks for fixtures in the attributes of modules; the plugin registers it.
    """

    def __init__(self, name: str, fixtures: Mapping[str, Any]) -> None:
        super().__init__(name)
        vars(self).update(fixtures)


@dataclass(frozen=True)
class Decorator:
    """Declares a container of a service: it turns a function into a session fixture."""

    service: Service

    def __call__(self, function: Callable[..., Any]) -> Any:
        """The fixture."""
        code = function.__code__
        where = f"{code.co_filename}:{code.co_firstlineno}"
        # The module still has the earlier one at this moment; a module that is loaded again has itself.
        earlier = declaration_of(function.__globals__.get(function.__name__))
        return fixture_of(
            Declaration(
                name=function.__name__,
                service=self.service,
                function=function,
                parameters=tuple(inspect.signature(function).parameters),
                base=Path(code.co_filename).resolve().parent,
                where=where,
                replaced=earlier if earlier is not None and earlier.where != where else None,
            )
        )


def declare(service: Service) -> Decorator:
    """Create a decorator that declares a container of this service; it turns a function into a session fixture.

    Raises DeclarationError for an unknown option, and for a value that does not fit the option's type. Fields of the
    service are options, too, unless their names begin with _.
    """
    __tracebackhide__ = True
    decorator = service.kind if service.kind.endswith("container") else f"{service.kind}_container"
    try:
        _check(service, f"{decorator}()")
    except DeclarationError as problem:
        # Users look for the line in their own file, which is all that is left of the traceback.
        raise problem.with_traceback(None) from None

    return Decorator(service)


def _check(service: Service, title: str) -> None:
    own = [one.name for one in fields(service) if one.name != "options" and not one.name.startswith("_")]
    known = [*own, *Options.__annotations__]
    for name in service.options:
        if name not in known:
            raise no_option(title, name, known)
    check_fields(service, title)


def with_parentheses(decorator: Callable[ArgumentsT, Decorator]) -> Callable[ArgumentsT, Decorator]:
    """Say the right form where a decorator that takes options is used without parentheses."""

    @functools.wraps(decorator)
    def call(*arguments: ArgumentsT.args, **options: ArgumentsT.kwargs) -> Decorator:
        __tracebackhide__ = True
        if arguments and inspect.isfunction(arguments[0]):
            name = decorator.__name__
            raise DeclarationError(
                f"@{name} is used without parentheses", hint=f"write @{name}(…) above def {arguments[0].__name__}"
            )
        try:
            return decorator(*arguments, **options)
        except DeclarationError as problem:
            raise problem.with_traceback(None) from None

    return call


def fixture_of(declaration: Declaration) -> Any:
    """The session fixture of a declaration, shown where its function is."""

    @functools.wraps(declaration.function)
    def endpoint(request: pytest.FixtureRequest) -> Any:
        endpoint_of = request.config.stash.get(ENDPOINTS, None)
        if endpoint_of is None:
            pytest.fail(
                "the pytest-wincontainers plugin is not loaded\nhint: run pytest with -p wincontainers", pytrace=False
            )
        return endpoint_of(declaration.name)

    # pytest reads the signature, shows the docstring and finds the file by __wrapped__: only the first must
    # not be the declaring function's, whose parameters are containers, not fixtures to set up here.
    parameter = inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    endpoint.__signature__ = inspect.Signature([parameter])  # type: ignore[attr-defined]
    # pytest copies a fixture function's attributes to the object it makes of it.
    setattr(endpoint, _MARK, declaration)
    for name, value in declaration.service.fixture_attributes(declaration.name).items():
        setattr(endpoint, name, value)
    return pytest.fixture(scope="session")(endpoint)


def declaration_of(value: object) -> Declaration | None:
    """The declaration that a fixture function or its definition was made of."""
    attributes = getattr(value, "__dict__", None)
    found = attributes.get(_MARK) if type(attributes) is dict else None
    return found if isinstance(found, Declaration) else None


def declarations_in(plugins: Iterable[object]) -> list[Declaration]:
    """The declarations in these modules, each once. Raises DeclarationError for a name used twice."""
    found: dict[str, Declaration] = {}
    for plugin in plugins:
        if not isinstance(plugin, ModuleType):
            continue
        for declaration in _declarations_of(plugin):
            for other in [*filter(None, [declaration.replaced]), *found.values()]:
                if other is not declaration and other.name.lower() == declaration.name.lower():
                    names = dict.fromkeys((other.name, declaration.name))
                    raise DeclarationError(
                        f"two containers are called {' and '.join(names)}",
                        details=f"{other.where}\n{declaration.where}",
                        hint="rename one of the functions; names must differ in more than upper and lower case",
                    )
            found[declaration.name] = declaration
    return list(found.values())


def holders_in(plugins: Iterable[object]) -> list[Declarations]:
    """The values of these modules that stand for several declarations, each once."""
    modules = (plugin for plugin in plugins if isinstance(plugin, ModuleType))
    return list(dict.fromkeys(value for module in modules for value in vars(module).values() if _is_holder(value)))


def _is_holder(value: object) -> bool:
    # isinstance would also ask for __class__, which some values make up at great cost.
    return issubclass(type(value), Declarations)


def _declarations_of(module: ModuleType) -> Iterator[Declaration]:
    for value in vars(module).values():
        fixtures = vars(value).values() if _is_holder(value) else (value,)
        yield from filter(None, map(declaration_of, fixtures))
