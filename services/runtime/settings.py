"""Settings: one TOML file per deployment, then variables, into frozen dataclasses.

A section is named after the module that reads it: `[detect]` is `Settings` in
services/detect/settings.py, `[worker]` is `Settings` in services/runtime/worker.py. `[kafka]` is
passed to the Kafka clients as it stands. A variable `SIDETAP_SECTION__NAME` overrides the file.
A misspelt name in a security product must not mean "protection off": it stops the start. No
message shows a value, for it may be a secret.
"""

import difflib
import importlib
import importlib.util
import os
import tomllib
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

PREFIX = "SIDETAP_"
FILE_VARIABLE = "SIDETAP_SETTINGS"
SERVICES = Path(__file__).parent.parent
TRUE = {"true", "yes", "on", "1"}
FALSE = {"false", "no", "off", "0"}

T = TypeVar("T")


class SettingsError(ValueError):
    """What is wrong, where, and how it is right, in one sentence without the value."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """All settings of a deployment, as given; `of` makes a section typed."""

    kafka: Mapping[str, str] = field(default_factory=dict, repr=False)
    sections: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)

    def of(self, shape: type[T]) -> T:
        """The section of this class.

        Raises SettingsError on unknown names, wrong types and what the class itself refuses.
        """
        name = section_name(shape)
        return _build(shape, self.sections.get(name, {}), f"[{name}]")


def section_name(shape: type[object]) -> str:
    """services.detect.settings → detect; services.runtime.worker → worker."""
    parts = shape.__module__.split(".")
    return parts[-2] if parts[-1] == "settings" else parts[-1]


def load(path: Path | None = None, environment: Mapping[str, str] = os.environ) -> Deployment:
    """Read and check everything, also the sections of services that this process is not.

    Without a path, the file that SIDETAP_SETTINGS names, or none. Raises SettingsError.
    """
    named = environment.get(FILE_VARIABLE)
    if path is None and named:
        path = Path(named)
    sections = _read(path) if path else {}
    for section, name, text in _variables(environment):
        sections.setdefault(section, {})[name] = text
    kafka = {name: _client(value, name) for name, value in _flat(sections.pop("kafka", {}))}
    deployment = Deployment(kafka, sections)
    for section in sections:
        deployment.of(_shape(section))
    return deployment


def _read(path: Path) -> dict[str, dict[str, Any]]:
    try:
        table = tomllib.loads(path.read_text())
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is no TOML: {error}") from error
    for name, section in table.items():
        if not isinstance(section, dict):
            raise SettingsError(f"{path}: {name} stands outside of any [section]")
    return table


def _variables(environment: Mapping[str, str]) -> Iterable[tuple[str, str, str]]:
    """(section, name, text) of each variable of ours."""
    for variable, text in sorted(environment.items()):
        if not variable.startswith(PREFIX) or variable == FILE_VARIABLE:
            continue
        section, separator, name = variable.removeprefix(PREFIX).lower().partition("__")
        if not (separator and section and name):
            raise SettingsError(f"{variable} is no {PREFIX}SECTION__NAME")
        # Client settings have dots, which a variable's name cannot.
        yield section, name.replace("_", ".") if section == "kafka" else name, text


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    """ssl.ca.location is three nested tables to TOML and one name to Kafka."""
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _client(value: object, name: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise SettingsError(f"[kafka] {name}: expected text or a number, found {_kind(value)}")


def _shape(section: str) -> type[Any]:
    """The class of a section, by its name."""
    for module in (f"services.{section}.settings", f"services.runtime.{section}"):
        # find_spec imports the parent, so that must be there first.
        if importlib.util.find_spec(module.rpartition(".")[0]) and importlib.util.find_spec(module):
            found = getattr(importlib.import_module(module), "Settings", None)
            if isinstance(found, type) and is_dataclass(found):
                return found
    raise SettingsError(f"unknown section [{section}]{nearest(section, _section_names())}")


def _section_names() -> list[str]:
    services = [path.parent.name for path in SERVICES.glob("*/settings.py")]
    ours = [p.stem for p in SERVICES.glob("runtime/*.py") if "\nclass Settings" in p.read_text()]
    return ["kafka", *services, *ours]


def nearest(name: str, known: Iterable[str]) -> str:
    """ "; did you mean …?" where something is near, for the end of a sentence."""
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"; did you mean {found[0]}?" if found else ""


def _build(shape: type[T], given: Mapping[str, Any], where: str) -> T:
    assert is_dataclass(shape), f"{shape} is no dataclass"
    hints = typing.get_type_hints(shape)
    known = [item.name for item in fields(shape)]
    for name in given:
        if name not in known:
            raise SettingsError(f"{where}: unknown setting {name}{nearest(name, known)}")
    for item in fields(shape):
        if item.default is MISSING and item.default_factory is MISSING and item.name not in given:
            raise SettingsError(f"{where}: {item.name} must be given")
    values = {name: _typed(hints[name], value, f"{where} {name}") for name, value in given.items()}
    try:
        return shape(**values)
    except SettingsError:
        raise
    except ValueError as error:
        raise SettingsError(f"{where}: {error}") from error


def _typed(hint: Any, value: object, where: str) -> Any:
    """A value of TOML, or the text of a variable, as the type of its field."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):  # X | None
        return _typed(next(kind for kind in inner if kind is not type(None)), value, where)
    if origin is typing.Literal:
        if value not in inner:
            raise SettingsError(f"{where}: expected one of {', '.join(map(str, inner))}")
        return value
    if origin is tuple:
        return _sequence(inner[0], value, where)
    if origin is dict or origin is Mapping:
        if not isinstance(value, Mapping):
            raise SettingsError(f"{where}: expected a table, found {_kind(value)}")
        return {name: _typed(inner[1], item, f"{where}.{name}") for name, item in value.items()}
    if is_dataclass(hint) and isinstance(hint, type):
        if not isinstance(value, Mapping):
            raise SettingsError(f"{where}: expected a table, found {_kind(value)}")
        return _build(hint, value, where)
    return _scalar(hint, value, where)


def _sequence(inner: Any, value: object, where: str) -> tuple[Any, ...]:
    """A TOML array; in a variable, its parts between commas."""
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, list):
        raise SettingsError(f"{where}: expected a list, found {_kind(value)}")
    return tuple(_typed(inner, item, f"{where}[{i}]") for i, item in enumerate(value))


def _scalar(kind: type[object], value: object, where: str) -> object:
    if kind is bool and isinstance(value, str) and value.lower() in TRUE | FALSE:
        return value.lower() in TRUE  # bool("false") is true
    if kind in (int, float) and isinstance(value, str):
        try:
            return kind(value)
        except ValueError:
            raise SettingsError(f"{where}: expected {_name(kind)}, found other text") from None
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind is Path and isinstance(value, str):
        return Path(value)
    if type(value) is kind:  # exactly: a bool is an int to isinstance
        return value
    raise SettingsError(f"{where}: expected {_name(kind)}, found {_kind(value)}")


def _name(kind: type[object]) -> str:
    words = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}
    return words.get(kind, "a path" if kind is Path else kind.__name__)


def _kind(value: object) -> str:
    words: dict[type[object], str] = {list: "a list", dict: "a table"}
    return words.get(type(value)) or _name(type(value))
