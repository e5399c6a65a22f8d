"""The command itself: loads what is asked for, refuses in one sentence."""

import importlib
import subprocess
import sys

import pytest

from services.cli.__main__ import COMMANDS, run


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["doctr"], "'doctr' is no command, did you mean 'doctor'? See `sidetap --help`."),
        (["doctor", "--bad"], "No such option: --bad. See `sidetap doctor --help`."),
        (["read"], "Missing argument 'FILE…'. See `sidetap read --help`."),
        (["read", "--emit", "cats", "x"], "'cats' is nothing to emit: choose from exchanges, findings, endpoints, encrypted, ledger."),  # noqa: E501
        (["read", "-", "-"], "standard input can be read once only."),
        (["findings", "--since", "soon"], "'soon' is no moment: give 2026-11-22T20:00:00Z or an age such as 10m, 2h or 7d."),  # noqa: E501
        (["findings", "--kafka", "127.0.0.1:1"], "no Kafka answers at 127.0.0.1:1 within 5 s: is it up, and is that its address (--kafka HOST:PORT)?"),  # noqa: E501
    ],
)  # fmt: skip
def test_wrong_usage_is_one_sentence_and_exit_code_2(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    said = capsys.readouterr()
    assert said.err == f"sidetap: {sentence}\n"
    assert said.out == ""


def test_without_a_command_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 2
    assert "Usage: sidetap" in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_an_example(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([command, "--help"]) == 0
    said = capsys.readouterr().out
    assert f"sidetap {command}" in said.split("Usage:")[1].split("\n", 1)[1]


def test_read_does_not_load_what_it_does_not_need() -> None:
    code = (
        "import sys, services.cli.read; "
        "sys.exit(bool({'confluent_kafka', 'rich', 'scapy', 'hypothesis'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_module_of_a_command_is_there() -> None:
    for module in set(COMMANDS.values()):
        assert importlib.import_module(f"services.cli.{module}").register


def test_a_misspelt_kafka_setting_is_named_not_called_an_absent_kafka(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SIDETAP_KAFKA__SECURITY_PROTOCL", "s3cret")
    assert run(["findings", "--kafka", "127.0.0.1:1"]) == 2
    told = capsys.readouterr().err
    assert "security.protocl" in told
    assert "s3cret" not in told


def test_a_user_without_a_home_is_told_what_to_set(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def homeless() -> None:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setattr("services.cli.running.Path.home", homeless)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert run(["findings"]) == 2
    assert "set HOME" in capsys.readouterr().err
