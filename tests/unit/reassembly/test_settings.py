"""The `[reassembly]` section: what stops the start, and how a file reads."""

from pathlib import Path

import pytest

from services.reassembly.settings import Filter, Proxy, Settings
from services.runtime.settings import SettingsError, load

FILE = """
[reassembly]
[[reassembly.proxies]]
name = "edge"
peers = ["10.0.0.0/24"]
[[reassembly.filters]]
name = "health"
paths = ["/health"]
headers = {User-Agent = "kube-probe/*"}
[[reassembly.applications]]
name = "shop"
hosts = ["*.shop.test"]
[reassembly.limits]
flows = 1000
"""


def test_a_file_becomes_rules(tmp_path: Path) -> None:
    path = tmp_path / "sidetap.toml"
    path.write_text(FILE)
    settings = load(path, {}).of(Settings)
    assert settings.proxies == (Proxy(name="edge", peers=("10.0.0.0/24",)),)
    assert settings.filters[0].headers == {"User-Agent": "kube-probe/*"}
    assert settings.applications[0].hosts == ("*.shop.test",)
    assert settings.limits == {"flows": 1000}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[[reassembly.proxies]]\nname = "p"\npeers = ["10.0.0.1/8"]', "host bits"),
        ('[[reassembly.filters]]\nname = "f"\nclients = ["shop"]', "rule f"),
        ('[[reassembly.filters]]\nname = "f"\nhost = ["a"]', "did you mean hosts"),
        ('[[reassembly.filters]]\nname = "f"\naction = "drop"', "expected one of include, exclude"),
        ('[[reassembly.proxies]]\npeers = ["10.0.0.0/8"]', "name must be given"),
    ],
)
def test_a_wrong_rule_stops_the_start(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "sidetap.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=sentence):
        load(path, {})


def test_two_rules_of_one_name_cannot_be_told_apart() -> None:
    with pytest.raises(ValueError, match="two rules are called a"):
        Settings(filters=(Filter(name="a"), Filter(name="a")))
