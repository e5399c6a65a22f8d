"""sqlmap against an application with holes, over the wire: what it leaked is told, the rest is not."""

import html
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.unit.browsing.scanned import Pace, may_tap, scan, serving, write

pytestmark = [
    pytest.mark.skipif(not may_tap(), reason="no right to tap the loopback"),
    pytest.mark.skipif(shutil.which("sqlmap") is None, reason="no sqlmap: apt install sqlmap"),
]
# Real ones: sqlmap has to work for them.
PASSWORDS = ("vB7-quiet-harbour", "tR2-silver-lantern")
HOLES = ("/articles", "/news")
"""Both put the parameter into the statement; one also shows the database's errors."""
WITHSTOOD = ("/members", "/search", "/forum")
"""Bound parameters; input that is a number or refused; what was asked for shown, escaped."""
FORUM = "<p>Help! SQLite says: near &quot;FROM&quot;: syntax error. I typed it as in the book.</p>"


@cache
def database() -> sqlite3.Connection:
    made = sqlite3.connect(":memory:", check_same_thread=False)
    made.execute("CREATE TABLE articles (id INTEGER, title TEXT, body TEXT)")
    made.execute("CREATE TABLE users (id INTEGER, name TEXT, password TEXT)")
    titles = [(n, f"Article {n}", "Words about bicycles. " * 5) for n in range(1, 6)]
    made.executemany("INSERT INTO articles VALUES (?, ?, ?)", titles)
    made.executemany("INSERT INTO users VALUES (?, ?, ?)", [(1, "ada", PASSWORDS[0]),
                                                             (2, "ben", PASSWORDS[1])])  # fmt: skip
    return made


class Holes(BaseHTTPRequestHandler):
    """An application that somebody was careless with in places."""

    def do_GET(self) -> None:
        """A page."""
        path, id_ = (
            urlsplit(self.path).path,
            parse_qs(urlsplit(self.path).query).get("id", ["1"])[0],
        )
        status, page = self.page(path, id_)
        body = f"<!doctype html><title>Journal</title>{page}".encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def page(self, path: str, id_: str) -> tuple[int, str]:
        """Status and HTML."""
        if path in HOLES:
            return careless(id_, shows_errors=path == "/articles")
        if path == "/members":
            rows = database().execute("SELECT name FROM users WHERE id = ?", (id_,)).fetchall()
            return (200, listed(rows)) if rows else (404, "<p>No such member</p>")
        if path == "/search":
            return (200, listed([(1, "x")])) if id_.isdigit() else (400, "<p>A number, please</p>")
        return 200, f"<p>You asked for {html.escape(id_)}</p>{FORUM}"

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


def careless(id_: str, *, shows_errors: bool) -> tuple[int, str]:
    """What the parameter is put into the statement for."""
    try:
        statement = f"SELECT id, title, body FROM articles WHERE id = {id_}"
        rows = database().execute(statement).fetchall()
    except sqlite3.Error as error:
        return (500, f"<pre>sqlite3.{type(error).__name__}: {error}</pre>") if shows_errors else (
            200, listed([]))  # fmt: skip
    return 200, listed(rows)


def listed(rows: list[Any]) -> str:
    """Rows as a page."""
    return "<ul>" + "".join(f"<li>{' | '.join(map(str, row))}</li>" for row in rows) + "</ul>"


@cache
def attacked(path: str) -> tuple[list[bytes], int]:
    """The frames of sqlmap's work on one page, and the server's port."""
    with serving(Holes) as port:
        url = f"http://127.0.0.1:{port}{path}?id=2"
        command = ["sqlmap", "--batch", "--flush-session", "-u", url, "-p", "id", "--dbms", "sqlite",
                   "--technique", "BEU", "--dump", "-T", "users"]  # fmt: skip
        return scan(command, port), port


def of_sort(sort: str, folder: Path, path: str) -> Iterator[dict[str, Any]]:
    """What is told of an attack on one page."""
    frames, port = attacked(path)
    capture = folder / "sqlmap.pcap"
    assert write(capture, frames, port, Pace(0.02, 1)) > 20
    read = subprocess.run(
        [sys.executable, "-m", "services.cli", "read", str(capture), "--emit", "findings",
         "--format", "jsonl"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return (one for one in map(json.loads, read.stdout.splitlines()) if one["sort"] == sort)


@pytest.mark.parametrize("path", [*HOLES, *WITHSTOOD])
def test_the_attack_is_told_whatever_came_of_it(path: str, tmp_path: Path) -> None:
    attacks = [one for one in of_sort("attack", tmp_path, path) if one["class"] == "sqli"]
    assert attacks
    assert all(one["would_block"] for one in attacks)


@pytest.mark.parametrize("path", HOLES)
def test_what_leaked_is_a_vulnerability(path: str, tmp_path: Path) -> None:
    frames, _ = attacked(path)
    assert any(word.encode() in b"".join(frames) for word in PASSWORDS), "sqlmap got nothing"
    kept = {(one["class"], one["grade"]) for one in of_sort("vulnerability", tmp_path, path)}
    assert ("sqli", "confirmed") in kept


@pytest.mark.parametrize("path", WITHSTOOD)
def test_what_withstood_is_none(path: str, tmp_path: Path) -> None:
    weak = [(one["class"], one["rule"]) for one in of_sort("vulnerability", tmp_path, path)]
    assert weak == []
