"""Files that are not for the web, and what attacks had read or run."""

import base64

import pytest

from tests.unit.detect.responses.cases import PROSE, asked, classes, exchange, proofs

PASSWD = "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\nbin:x:2:2:bin:/bin:/usr/sbin/nologin\nsys:x:3:3:sys:/dev:/usr/sbin/nologin\n"
DUMP = "-- MySQL dump 10.13\nCREATE TABLE `users` (\n  `id` int\n);\nINSERT INTO `users` VALUES (1,'ann');\n"

EXPOSED = {
    "git config": ("/.git/config", "bytes", "[core]\n\trepositoryformatversion = 0\n"),
    "git head": ("/.git/HEAD", "text", "ref: refs/heads/main\n"),
    "git log": ("/app/.git/logs/HEAD", "text", "0" * 40 + " " + "a1" * 20 + " Ann <a@b> 1 +0000\tcommit\n"),
    "env": ("/.env", "text", "APP_ENV=production\nDB_PASSWORD=kD83hfLq\n"),
    "env of production": ("/.env.production", "bytes", "APP_KEY=base64:x\nDB_HOST=db\n"),
    "dump": ("/backup.sql", "bytes", DUMP),
    "dump without a type": ("/db/dump.sql", "", DUMP),
    "htpasswd": ("/.htpasswd", "text", "admin:$apr1$Zx83kd$kD83hfLq02ZxVbmNcR5tY.\n"),
    "backup of PHP": ("/index.php.bak", "text", "<?php\n$db = connect();\n"),
    "backup by an editor": ("/config.php~", "text", "<?php\n// settings\n"),
    "PHP that was not run": ("/a/page.php", "html", "<?php\n$user = load(1);\necho $user; ?>"),
    "JSP that was not run": ("/a/page.jsp", "html", '<%@ page import="java.util.List" %><html>'),
    "source map": ("/static/app.4f.js.map", "json", '{"version":3,"sources":["webpack:///./src/App.js"],"sourcesContent":["x"],"mappings":"AAAA"}'),
    "SVN": ("/.svn/entries", "text", "12\n"),
}  # fmt: skip
UNEXPOSED = {
    "a page for everything": ("/.git/config", "html", "<html><div id=app></div>"),
    "not found": ("/.env", "html", "<h1>Not Found</h1>"),
    "an env that is a page": ("/.env", "text", "nothing here"),
    "a page about git": ("/docs/git", "html", "<pre>[core]\n\trepositoryformatversion = 0</pre>"),
    "a form of an .env": ("/docs/setup", "html", f"{PROSE}<pre>APP_ENV=local\nDB_HOST=db</pre>"),
    "SQL in a course": ("/course/sql", "html", "<pre>CREATE TABLE users (id int);</pre>"),
    "PHP in a course": ("/course/php", "html", "<pre><?php\n$x = 1;</pre>"),
    "PHP in prose": ("/course/php", "html", f"{PROSE}<p><?php\n$x = 1;</p>"),
    "a template for the browser": ("/", "html", '<script type="text/template"><%= item.name %></script>'),
    "a template in an attribute": ("/", "html", '<div data-t="<%= name %>"></div>'),
    "a library's source map": ("/js/lib.min.js.map", "json", '{"version":3,"sources":["lib/dist/lib.js"],"mappings":"AAAA"}'),
    "an XML declaration": ("/feed", "xml", '<?xml version="1.0"?><rss/>'),
    "a robots file": ("/robots.txt", "text", "User-agent: *\nDisallow: /.git/\n"),
    "a text file": ("/readme.txt", "text", "Set DB_HOST= and APP_KEY= in your .env"),
}  # fmt: skip


@pytest.mark.parametrize("name", EXPOSED)
def test_exposed(name: str) -> None:
    target, kind, body = EXPOSED[name]
    assert "exposed_file" in classes(exchange(body, kind=kind, target=target))


@pytest.mark.parametrize("name", UNEXPOSED)
def test_unexposed(name: str) -> None:
    target, kind, body = UNEXPOSED[name]
    assert classes(exchange(body, kind=kind, target=target)) == []


UP = "../../../../etc/passwd"
ANSWERED = {
    "passwd": ("lfi", asked(UP), "text", PASSWD),
    "passwd in a page": ("lfi", asked(UP), "html", f"<html><div>{PASSWD}</div></html>"),
    "passwd in a preformatted text": ("lfi", asked(UP), "html", f"<h1>View</h1><pre>{PASSWD}</pre>"),
    "passwd in JSON": ("lfi", asked(UP), "json", '{"content": "' + PASSWD.replace("\n", "\\n") + '"}'),
    "shadow": ("lfi", asked("/../../../../etc/shadow"), "text", "root:$6$kD83hf$" + "Zx" * 40 + ":19000:0:99999:7:::\n"),
    "win.ini": ("lfi", asked("..\\..\\..\\windows\\win.ini"), "text", "; for 16-bit app support\r\n[fonts]\r\n"),
    "source by a filter of PHP": ("php", asked("php://filter/convert.base64-encode/resource=index"), "html", "PD9waHAK" + base64.b64encode(b"$db = connect('x', 'y');").decode()),
    "id": ("rce", asked("127.0.0.1; id"), "html", "<pre>PING 127.0.0.1\nuid=33(www-data) gid=33(www-data) groups=33(www-data)</pre>"),
    "uname": ("rce", asked("x | uname -a"), "text", "Linux web-3 5.10.0-28-amd64 #1 SMP Debian 5.10.209-2 x86_64 GNU/Linux"),
    "ls": ("rce", asked("x; ls -la /"), "html", "<pre>total 64\ndrwxr-xr-x  1 root root 4096 Jan  1 10:00 .</pre>"),
    "passwd by a command": ("rce", asked("; cat /etc/passwd"), "html", f"<pre>{PASSWD}</pre>"),
    "dir": ("rce", asked("x & dir C:\\"), "text", " Volume Serial Number is 1A2B-3C4D\r\n\r\n Directory of C:\\"),
    "shell's error": ("rce", asked("; frobnicate; cat /etc/hosts"), "text", "sh: 1: frobnicate: not found"),
}  # fmt: skip
UNANSWERED = {
    "refused": (asked(UP), "html", "<h1>403 Forbidden</h1>"),
    "repeated": (asked(UP), "html", f"<p>File {UP} not found</p>"),
    "a tutorial that the search found": (asked(UP), "html", f"{PROSE}<pre>root:x:0:0:root:/root:/bin/bash</pre>{PROSE}"),
    "a tutorial with the whole file": (asked(UP), "html", f"{PROSE}<pre>{PASSWD}</pre>{PROSE}"),
    "a field that holds it": (asked(UP), "html", f'<input value="{PASSWD}">'),
    "a tutorial without an attack": ("/unix/passwd", "html", f"{PROSE}<pre>{PASSWD}</pre>"),
    "a page with one line": ("/unix/passwd", "html", "<p>root:x:0:0:root:/root:/bin/bash</p>"),
    "a command that is repeated": (asked("; echo uid=0(root) gid=0(root)"), "html", "<p>no results for ; echo uid=0(root) gid=0(root)</p>"),
    "a manual of id without an attack": ("/man/id", "html", "<pre>uid=1000(ann) gid=1000(ann)</pre>"),
    "a page about ping": (asked("x | ping -c 1 localhost"), "html", "<p>Ping us any time</p>"),
    "a listing in a forum": (asked("x; ls -la /"), "html", f"{PROSE}<pre>total 64\ndrwxr-xr-x  1 root root 4096 Jan  1 10:00 .</pre>"),
    "an empty answer": (asked("x; id"), "html", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", ANSWERED)
def test_answered(name: str) -> None:
    class_, target, kind, body = ANSWERED[name]
    found = [proof for proof in proofs(exchange(body, kind=kind, target=target)) if proof.attack]
    assert class_ in {proof.attack for proof in found} or found[0].attack in ("lfi", "rce")
    assert found[0].grade == "confirmed"


@pytest.mark.parametrize("name", UNANSWERED)
def test_unanswered(name: str) -> None:
    target, kind, body = UNANSWERED[name]
    assert classes(exchange(body, kind=kind, target=target)) == []


def test_the_whole_file_needs_no_attack() -> None:
    assert classes(exchange(PASSWD, kind="text", target="/download/7")) == ["system_file"]


def test_password_hashes_are_not_shown() -> None:
    target, body = asked("/../../../../etc/shadow"), ANSWERED["shadow"][3]
    assert all(proof.secret for proof in proofs(exchange(body, kind="text", target=target)))
