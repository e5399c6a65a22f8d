"""Plays the story against the real shop, from inside the visitors' namespace.

`python -m services.cli.demo.visitors PORT`: prints one line a scene, then light traffic
until it is ended. Attacks go out by curl, sqlmap and ffuf or dirb where they are installed.
"""

import contextlib
import http.client
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from services.cli.demo.http_words import Call
from services.cli.demo.story import SCANNER, SHOP, Act, acts, customer, monitor, words

CALL_S_MAX = 5
TOOL_S_MAX = 25  # A scanner left alone would fill the demo; what it does in this time is enough.
CUSTOMER_PAUSE_S = 0.15
LIGHT_PAUSE_S = 1.0
SEED = 7


def call_by_client(call: Call, port: int) -> None:
    """One request on its own connection, headers exactly as given."""
    line = http.client.HTTPConnection(SHOP, port, CALL_S_MAX, source_address=(call.client, 0))
    with contextlib.closing(line), contextlib.suppress(OSError, http.client.HTTPException):
        line.putrequest(call.method, call.target, skip_host=True, skip_accept_encoding=True)
        for name, value in call.headers:
            line.putheader(name, value)
        line.endheaders(call.body or None)
        line.getresponse().read()


def curl_command(call: Call, port: int) -> list[str]:
    """The same request as a curl command."""
    command = [
        "curl", "--silent", "--output", "/dev/null", "--max-time", str(CALL_S_MAX), "--globoff",
        "--path-as-is", "--interface", call.client, "--request", call.method,
    ]  # fmt: skip
    for name, value in call.headers:
        if name != "Content-Length":
            command += ["--header", f"{name}: {value}"]
    if call.body:
        command += ["--data-binary", call.body.decode()]
    return [*command, f"http://{SHOP}:{port}{call.target}"]


def attack(call: Call, port: int) -> None:
    """One attacking request, by curl where it is installed."""
    if shutil.which("curl") is None:
        call_by_client(call, port)
        return
    subprocess.run(curl_command(call, port), check=False, capture_output=True)


def play(act: Act, port: int) -> None:
    """One scene."""
    say(f"{act.title}: {len(act.calls)} requests from {act.calls[0].client}")
    for call in act.calls:
        attack(call, port)
        time.sleep(act.pause_s)


def tools(port: int, folder: Path) -> Iterator[tuple[str, list[str]]]:
    """(name, command) of each scanner that is installed; says in one line what is not."""
    shop, wordlist = f"http://{SHOP}:{port}", folder / "words"
    wordlist.write_text("\n".join(words()) + "\n")
    commands = {
        "sqlmap": [
            "sqlmap", "--batch", "--url", f"{shop}/api/search?q=bell", "-p", "q", "--flush-session",
            "--delay", "0.02", "--output-dir", str(folder), "--header", "Host: shop.demo",
        ],
        "ffuf": ["ffuf", "-s", "-p", "0.05", "-t", "2", "-w", str(wordlist), "-u", f"{shop}/FUZZ"],
        "dirb": ["dirb", f"{shop}/", str(wordlist), "-S", "-r", "-z", "50"],
    }  # fmt: skip
    lacking = [name for name in commands if shutil.which(name) is None]
    if lacking:
        say(f"not installed, so left out: {', '.join(lacking)} (apt install {' '.join(lacking)})")
    return ((name, line) for name, line in commands.items() if name not in lacking)


def run_tools(port: int) -> None:
    """Each installed scanner for a bounded time."""
    with tempfile.TemporaryDirectory() as folder:
        for name, command in tools(port, Path(folder)):
            say(f"{name} from {SCANNER}, for at most {TOOL_S_MAX} s")
            with contextlib.suppress(subprocess.TimeoutExpired):
                subprocess.run(command, check=False, capture_output=True, timeout=TOOL_S_MAX)


def shop_for_ever(port: int, pause_s: float, over: threading.Event) -> None:
    """Customers, one after the other, until told that it is over."""
    chance = random.Random(SEED)  # noqa: S311 (customers, not secrets)
    number = 0
    while not over.is_set():
        for call in customer(number, chance):
            call_by_client(call, port)
            over.wait(pause_s)
        call_by_client(monitor(), port)
        number += 1


def say(line: str) -> None:
    """One line for the narrator."""
    print(line, flush=True)


def main(port: int) -> None:
    """The whole story, then light traffic."""
    over = threading.Event()
    shoppers = threading.Thread(
        target=shop_for_ever, args=(port, CUSTOMER_PAUSE_S, over), daemon=True
    )
    say("customers visit the shop: browse, search, log in, order")
    shoppers.start()
    time.sleep(3)
    for act in acts():
        play(act, port)
    run_tools(port)
    say("the attackers are done; light traffic goes on")
    over.set()
    shoppers.join()
    shop_for_ever(port, LIGHT_PAUSE_S, threading.Event())


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main(int(sys.argv[1]))
