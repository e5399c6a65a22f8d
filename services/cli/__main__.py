"""The `sidetap` command: finds the subcommand, loads only that, turns refusals into sentences."""

import difflib
import importlib
import sys
from collections.abc import Sequence
from typing import Any

import typer
from typer import TyperException
from typer._click.exceptions import NoArgsIsHelpError
from typer.core import TyperGroup

from services.cli.refusal import USAGE, RefusedError, os_reason
from services.runtime.settings import SettingsError

# Subcommand → module of services.cli. A module is imported when its command is asked for:
# `read` must not wait for Kafka's client.
COMMANDS = {
    "up": "up",
    "read": "read",
    "inspect": "inspect",
    "findings": "findings",
    "show": "show",
    "sessions": "sessions",
    "endpoints": "endpoints",
    "encrypted": "encrypted",
    "label": "label",
    "policy": "policy",
    "train": "train",
    "report": "report",
    "topics": "topics",
    "status": "status",
    "capture": "capture",
    "reassembly": "service",
    "detect": "service",
    "browsing": "service",
    "discovery": "service",
    "export": "service",
    "replay": "replay",
    "bench": "bench",
    "doctor": "doctor",
}
INTERRUPTED = 130


class Commands(TyperGroup):
    """Subcommands that are imported when they are needed."""

    def list_commands(self, _ctx: Any) -> list[str]:
        """Names in the order of COMMANDS."""
        return list(COMMANDS)

    def get_command(self, _ctx: Any, cmd_name: str) -> Any:
        """The subcommand, built by its module's `register`."""
        if cmd_name not in COMMANDS:
            near = difflib.get_close_matches(cmd_name, COMMANDS, n=1)
            hint = f", did you mean {near[0]!r}?" if near else "."
            raise RefusedError(f"{cmd_name!r} is no command{hint} See `sidetap --help`.")
        if cmd_name not in self.commands:
            module = importlib.import_module(f"services.cli.{COMMANDS[cmd_name]}")
            application = typer.Typer(add_completion=False, rich_markup_mode=None)
            module.register(application, cmd_name)
            command = typer.main.get_command(application)
            command.name = cmd_name
            self.add_command(command, cmd_name)
        return self.commands[cmd_name]


app = typer.Typer(
    cls=Commands, add_completion=False, rich_markup_mode=None, no_args_is_help=True
)  # fmt: skip


@app.callback()
def sidetap() -> None:
    """Attacks, leaks and APIs in a copy of your web traffic, never in its path.

    Begin with `sidetap read capture.pcap` or `sidetap up --demo`.
    JSON lines go to stdout where that is not a terminal; words for people go to stderr.
    Exit code: 0 done, 1 a check failed, 2 bad usage or unreadable input.
    """


def run(arguments: Sequence[str]) -> int:
    """The exit code of one command line; whatever went wrong for the person is one sentence."""
    try:
        answer = typer.main.get_command(app).main(
            args=list(arguments), prog_name="sidetap", standalone_mode=False
        )
        sys.stdout.flush()
        return answer if isinstance(answer, int) else 0
    except RefusedError as refusal:
        return _refuse(str(refusal), refusal.exit_code)
    except NoArgsIsHelpError as nothing:
        print(nothing.format_message(), file=sys.stderr)
        return USAGE
    except TyperException as wrong:
        return _refuse(_usage(wrong), USAGE)
    except SettingsError as wrong:
        said = str(wrong)
        return _refuse(said if said.endswith("?") else f"{said}.", USAGE)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _refuse(f"{where}{os_reason(error)}.", USAGE)
    except RuntimeError as error:
        if "home directory" not in str(error):  # pathlib's words for it
            raise
        return _refuse("this user has no home folder: set HOME to one it may write to.", USAGE)
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED


def _usage(wrong: Any) -> str:
    context = getattr(wrong, "ctx", None)
    sentence = wrong.format_message().rstrip(".")
    path = context.command_path if context else "sidetap"
    return f"{sentence}. See `{path} --help`."


def _refuse(sentence: str, exit_code: int) -> int:
    sys.stdout.flush()
    print(f"sidetap: {sentence}", file=sys.stderr)
    return exit_code


def main() -> None:
    """Entry of the installed `sidetap` script."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
