"""Settings: typed, and a wrong name never passes."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from services.runtime import settings
from services.runtime.settings import Deployment, SettingsError, load


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    limit: int = 1


@dataclass(frozen=True, slots=True)
class Settings:
    depth_max: int = 3
    ratio: float = 0.5
    on: bool = True
    hosts: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    folder: Path | None = None

    def __post_init__(self) -> None:
        if self.depth_max < 1:
            raise ValueError("depth_max must be at least 1")


SECTION = settings.section_name(Settings)


@pytest.fixture(autouse=True)
def _this_module_is_a_section(monkeypatch: pytest.MonkeyPatch) -> None:
    found = settings._shape
    monkeypatch.setattr(settings, "_shape", lambda s: Settings if s == SECTION else found(s))


def read(tmp_path: Path, text: str, **environment: str) -> Deployment:
    file = tmp_path / "sidetap.toml"
    file.write_text(text)
    return load(file, environment)


def test_defaults_need_no_file() -> None:
    assert load(None, {}).of(Settings) == Settings()


def test_a_file_fills_typed_fields(tmp_path: Path) -> None:
    text = f"""
        [{SECTION}]
        depth_max = 5
        ratio = 1
        on = false
        hosts = ["a", "b"]
        rules = [{{name = "x", limit = 2}}]
        folder = "/var/lib/x"
    """
    assert read(tmp_path, text).of(Settings) == Settings(
        5, 1.0, False, ("a", "b"), (Rule("x", 2),), Path("/var/lib/x")
    )


def test_a_variable_wins_over_the_file(tmp_path: Path) -> None:
    prefix = f"SIDETAP_{SECTION.upper()}__"
    found = read(
        tmp_path,
        f"[{SECTION}]\ndepth_max = 5\n",
        **{prefix + "DEPTH_MAX": "7", prefix + "ON": "false", prefix + "HOSTS": "a, b"},
    ).of(Settings)
    assert (found.depth_max, found.on, found.hosts) == (7, False, ("a", "b"))


def test_kafka_settings_pass_through_with_dots(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "[kafka]\nssl.ca.location = 'x'\nlinger.ms = 5\nenable.idempotence = true\n",
        SIDETAP_KAFKA__BOOTSTRAP_SERVERS="h:1",
    )
    assert found.kafka == {
        "ssl.ca.location": "x",
        "linger.ms": "5",
        "enable.idempotence": "true",
        "bootstrap.servers": "h:1",
    }


def test_the_file_may_be_named_by_a_variable(tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text("[kafka]\nbootstrap.servers = 'h:1'\n")
    assert load(None, {"SIDETAP_SETTINGS": str(file)}).kafka == {"bootstrap.servers": "h:1"}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[{s}]\ndepht_max = 1", "[{s}]: unknown setting depht_max; did you mean depth_max?"),
        ("[kafak]\na = 1", "unknown section [kafak]; did you mean kafka?"),
        ("[{s}]\ndepth_max = true", "[{s}] depth_max: expected a whole number, found true or"),
        ("[{s}]\ndepth_max = 0", "[{s}]: depth_max must be at least 1"),
        ("[{s}]\nhosts = 1", "[{s}] hosts: expected a list, found a whole number"),
        ("[{s}]\nrules = [{{}}]", "[{s}] rules[0]: name must be given"),
        ("[{s}]\nrules = [{{name = 'x', limti = 1}}]", "did you mean limit?"),
        ("a = 1", "a stands outside of any [section]"),
        ("[", "is no TOML"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(tmp_path, text.format(s=SECTION))
    assert sentence.format(s=SECTION) in str(caught.value)


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        load(tmp_path / "none.toml", {})


def test_a_variable_with_one_underscore_too_few_is_refused() -> None:
    with pytest.raises(SettingsError, match="SIDETAP_DETECT_DEPTH is no SIDETAP_SECTION__NAME"):
        load(None, {"SIDETAP_DETECT_DEPTH": "1"})


def test_no_message_and_no_repr_shows_a_value(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        read(tmp_path, "", **{f"SIDETAP_{SECTION.upper()}__DEPTH_MAX": "hunter2"})
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in repr(read(tmp_path, "[kafka]\nsasl.password = 'hunter2'"))
