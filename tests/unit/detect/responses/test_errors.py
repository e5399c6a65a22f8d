"""Errors of databases: said by the server, or quoted by people."""

import pytest

from tests.unit.detect.responses.cases import PROSE, asked, classes, exchange, proofs

MYSQL = "You have an error in your SQL syntax; check the manual that corresponds to your MySQL server version for the right syntax to use near ''' at line 1"
POSTGRESQL = 'ERROR:  syntax error at or near "WHERE"\nLINE 1: SELECT * FROM'

SAID = {
    "MySQL in a bare page": ("html", 200, MYSQL),
    "MySQL in a page's text": ("html", 200, f"<html><body><div>{MYSQL}</div></body></html>"),
    "a warning of PHP": ("html", 200, "<br />\n<b>Warning</b>: mysqli_fetch_array() expects parameter 1, mysqli_query(): error in <b>/srv/a.php</b>"),
    "PostgreSQL": ("text", 500, POSTGRESQL),
    "psycopg": ("json", 500, '{"message": "psycopg2.errors.UndefinedColumn: column q does not exist"}'),
    "SQL Server": ("html", 500, "Unclosed quotation mark after the character string 'x'."),
    "ODBC": ("html", 200, "[Microsoft][ODBC SQL Server Driver][SQL Server]Line 1: Incorrect syntax near 'a'"),
    "Oracle": ("text", 200, "ORA-01756: quoted string not properly terminated"),
    "SQLite": ("json", 200, '{"error": "SQLITE_ERROR: near \\"x\\": syntax error"}'),
    "sqlite3 of Python": ("json", 500, '{"detail":"sqlite3.OperationalError: unrecognized token"}'),
    "DB2": ("text", 500, "DB2 SQL Error: SQLCODE=-204, SQLSTATE=42704"),
    "PDO": ("json", 200, '{"exception":"PDOException","error":"SQLSTATE[42S02]: Base table not found"}'),
    "Hibernate": ("html", 500, "<h1>Error</h1><p>org.hibernate.exception.SQLGrammarException: could not extract ResultSet</p>"),
    "MongoDB": ("json", 500, '{"message":"MongoServerError: unknown operator: $foo"}'),
    "LDAP": ("html", 200, "Warning: ldap_search(): Search: Bad search filter"),
}  # fmt: skip
QUOTED = {
    "a blog about MySQL": ("html", 200, f"<h1>How to mend it</h1>{PROSE}<pre>{MYSQL}</pre>{PROSE}"),
    "a blog that says it in its text": ("html", 200, f"{PROSE}<p>{MYSQL}</p>{PROSE}"),
    "a list of questions": ("html", 200, f'<ul><li><a href="/q/1">{MYSQL}</a></li></ul>'),
    "the title of a question": ("html", 200, f"<title>{MYSQL}</title><h1>{MYSQL}</h1>"),
    "a description for search engines": ("html", 200, f'<meta name="description" content="{MYSQL}">'),
    "code in a page": ("html", 200, "<code>if (e instanceof PDOException) retry();</code>"),
    "a chat's message": ("json", 200, '{"messages":[{"text":"I get ORA-01756: quoted string, help"}]}'),
    "a search result": ("json", 200, '{"hits":[{"title":"SQLSTATE[42S02]: Base table not found"}]}'),
    "a manual as text": ("text", 200, "ERRORS\n" + "This is what you will see when you have the wrong table, and how you can mend it. " * 12 + POSTGRESQL),
    "a long log": ("text", 200, "10:00 ok\n" * 400 + "ORA-01756: quoted string not properly terminated"),
    "a script that knows them": ("script", 200, "const e = /You have an error in your SQL syntax; check the manual/;"),
    "the letters alone": ("html", 200, "<p>ORA-12 is sold out; SQLSTATE is a word</p>"),
    "an editor's text area": ("html", 200, f"<textarea>{MYSQL}</textarea>"),
    "a console's option": ("html", 200, "<option>org.postgresql.util.PSQLException: x</option>"),
}  # fmt: skip


@pytest.mark.parametrize("name", SAID)
def test_said(name: str) -> None:
    kind, status, body = SAID[name]
    assert classes(exchange(body, kind=kind, status=status)) == ["database_error"]


@pytest.mark.parametrize("name", QUOTED)
def test_quoted(name: str) -> None:
    kind, status, body = QUOTED[name]
    assert classes(exchange(body, kind=kind, status=status)) == []


@pytest.mark.parametrize("body", [MYSQL, f"<td>{MYSQL}</td>", f"<pre>{MYSQL}</pre>"])
def test_after_an_injection_it_is_one_that_works(body: str) -> None:
    (proof,) = proofs(exchange(body, target=asked("1' OR '1'='1")))
    assert (proof.attack, proof.weakness.class_, proof.grade) == ("sqli", "sqli", "confirmed")


def test_an_injection_into_the_search_of_a_forum_is_not_answered_by_its_threads() -> None:
    page = f"{PROSE}<pre>{MYSQL}</pre>{PROSE}"
    assert classes(exchange(page, target=asked("1' OR '1'='1"))) == []


def test_an_injection_that_is_only_repeated_is_not_answered() -> None:
    payload = "1' OR '1'='1 Unclosed quotation mark after the character string"
    assert classes(exchange(f"<p>no results for {payload}</p>", target=asked(payload))) == []
