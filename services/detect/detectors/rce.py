"""Command injection: values that end a command's argument and begin a command of their own."""

import re

from services.detect.rules import Detector, Match, Rule

# Programs of Unix that are no words of English or of query languages.
UNIX = (
    r"(?:cat|tac|nl|ls|dir|id|pwd|whoami|uname|hostname|ifconfig|netstat|ps|env|printenv|wget|curl|lynx|ftp|tftp|scp|ssh|telnet|nc|ncat|netcat|socat|nmap"
    r"|ping6?|nslookup|dig|traceroute|bash|sh|zsh|ksh|dash|csh|tcsh|busybox|python[23]?(?:\.\d+)?|perl|ruby|php\d?|gcc|g?awk|sed|e?grep|xargs|mkdir|rm|rmdir"
    r"|mv|cp|chmod|chown|chattr|killall|pkill|nohup|u?sleep|echo|printf|sudo|passwd|useradd|adduser|crontab|gunzip|unzip|base64|xxd|uniq|wc|du|df|uptime"
    r"|reboot|systemctl|mysql|psql|sqlite3|openssl|whereis|sendmail|gdb|strace|lsof|getent|dpkg|rpm|yum|apt-get|apk|pip\d?|npm|docker|kubectl|sysinfo|phpinfo)"
)
# Programs that are also words: only with an argument of their own kind, or alone at the end.
UNIX_WORDS = (
    r"(?:less|more|head|tail|who|w|last|finger|fetch|host|route|arp|at|find|tee|touch|ln|kill|exec|eval|source|export|alias|su|mount|dd|tar|gzip|zip|od|strings|rev"
    r"|sort|cut|tr|free|date|cal|shutdown|halt|init|service|timeout|time|true|false|test|which|locate|mail|stat|file|ip|ss|git|vi|vim|nano|ed|expr|let|read|type|command|set|node|lua|java|iptables)"
)
WINDOWS = r"(?:dir|ver|net1?|netsh|ipconfig|systeminfo|tasklist|taskkill|whoami|hostname|cmd(?:\.exe)?|powershell(?:\.exe)?|pwsh|certutil|bitsadmin|mshta|regsvr32|rundll32|wmic|reg\s+(?:add|query|delete|save|export)|cscript|wscript|schtasks|ping|nslookup|tracert|xcopy|erase|mkdir|rmdir|attrib|cacls|icacls|echo|findstr|nbtstat|arp|quser|nltest|dsquery|ftp|tftp|sysinfo)"
WINDOWS_WORDS = r"(?:type|set|reg|sc|copy|del|ren|move|md|rd|start|at|route|tree|more|timeout|waitfor|query|time|date)"
ARGUMENT = r"(?:\s+[-/~.\w$\"'<>*%{\\]|[\s;|&`)\"'#}]*(?:\\n)?$|\s*[|;&`)<>#]|\$\{?ifs|\+|<|\\n)"
PATH_ARGUMENT = r"\s+(?:-\w|-{2}\w|/\w|~/|\.{1,2}/|\$\w)"
PATH = r"(?:/?(?:usr/|s?bin/|local/){1,3})?"
WORD_LIST = re.compile(rb"\s*\|?(?:[\w. -]+\|){3,}[\w. -]*\Z")
TABLE_BARS_MIN = 5
ENTITY_END = re.compile(rb"&#?\w{1,8}\Z")
FIELD_AND_TIME = re.compile(
    rb"[;|&]\s*(?:date|time|type|set|at|host|file|sort|read|test|last|more|id|ip|w|who|start|query|find|source|move|cut|service|mail|command|let|tree|route|true|false|which|head|free|env|copy)\b\s*[=:]"
)


def not_a_field(match: Match) -> bool:
    """`;type=a` and `&id=1` name fields."""
    return not FIELD_AND_TIME.match(match.text.lstrip() + match.after[:4])


def not_a_table(match: Match) -> bool:
    """Neither a table of Markdown nor a list of words between bars, as `name|id|date`."""
    value = match.point.value
    return not (WORD_LIST.match(value) or (value.count(b"|") >= TABLE_BARS_MIN and b"\n" in value))


def not_an_entity(match: Match) -> bool:
    """The separator is not the end of `&lt;`."""
    value = match.point.value
    at = value.find(b";", match.start, match.end)
    return at < 0 or not ENTITY_END.search(value, max(0, at - 9), at)


def not_a_fence(match: Match) -> bool:
    """The backtick is not one of the three that fence code in Markdown."""
    return b"``" not in match.before[-2:] + match.text[:3]


def commands(match: Match) -> bool:
    """None of what looks like a command to a pattern and is none."""
    looks = (not_a_field, not_a_table, not_an_entity, not_a_fence)
    return match.point.name != b"user-agent" and all(look(match) for look in looks)


def not_a_program_that_names_itself(match: Match) -> bool:
    """`curl/8.5.0` and `Wget/1.21 (linux-gnu)` are agents; only what has arguments is a command."""
    return b"/" not in match.text.split(b" ")[0].removeprefix(b"/") and match.start < 2


RULES = (
    Rule(
        id="rce.unix-command",
        pattern=rf"(?:^|[^\w])(?:(?:[;|&`]|\|\||&&|\$\(|%0[ad]|<\(|>\(|\\n){{1,4}}[\s\"'(+{{]*{PATH}(?:{UNIX}{ARGUMENT}|{UNIX_WORDS}{PATH_ARGUMENT})|[\n\r]+\s*{PATH}{UNIX}(?:{PATH_ARGUMENT}|[\s;|&\"'#]*$))",
        weight=0.6,
        title="A separator of the shell, then a Unix command",
        in_text=0.2,
        check=commands,
    ),
    Rule(
        id="rce.glued-command",
        pattern=rf"[\w\"')./](?:;|\|{{1,2}}|&{{1,2}}|`|\$\()\s*{PATH}(?:{UNIX}(?:\s+[-/~\w$\"'.\\<]|[;|&`\"')#]|\\n|$)|{UNIX_WORDS}{PATH_ARGUMENT})",
        weight=0.55,
        title="A value, a separator of the shell, then a Unix command",
        in_text=0.2,
        check=commands,
    ),
    Rule(
        id="rce.windows-command",
        pattern=rf"(?:[&|\n\r;]|\|\||&&|%0a){{1,3}}[\s\"'^(]*(?:c:\\windows\\system32\\)?(?:{WINDOWS}(?:\.exe)?(?:\s+[-/\w%\"'.\\:]|[\s&|\"'`)]*$|[&|])|{WINDOWS_WORDS}(?:\.exe)?\s+(?:/[a-z]\b|%\w|[a-z]:\\|\\\\|\"?[\w.]+\.(?:txt|ini|exe|bat|log)))",
        weight=0.55,
        title="A separator of the shell, then a Windows command",
        in_text=0.2,
        check=commands,
    ),
    Rule(
        id="rce.assigned-command",
        pattern=r"\b\w+=\$?\\*[\"'({][^;]+;\s*\$\w+|@\{\[\s*system\s",
        weight=0.6,
        title="A variable set to a command and run",
        in_text=0.2,
    ),
    Rule(
        id="rce.whole-command",
        pattern=r"^[\s\"'({]*(?:/?(?:usr/|s?bin/|local/){1,3})?(?:(?:cat|tac|nl|less|more|head|tail|strings|xxd|ls|find|grep|rm|cp|mv|chmod|chown|touch|file|stat)\s+(?:-\w+\s+)*[\"']?(?:/|~/|\.\./|\*|\$)(?:etc|bin|usr|var|tmp|proc|home|root|dev|opt|sys|[\w.*?$]*\b)?"
        r"|uname\s+-\w|ifconfig(?:\s+-?\w+)?$|netstat\s+-|ps\s+(?:-|aux)|ping\s+-[a-z]\s|whoami(?:\s*/\w+)?$|net\s+(?:user|localgroup|view|start|share)\b|ipconfig(?:\s+/all)?$|systeminfo$|tasklist$|dir\s+[a-z]:\\|type\s+(?:%|[a-z]:\\)|phpinfo\(\))",
        weight=0.6,
        title="A value that is a command line",
        in_text=0.2,
    ),
    Rule(
        id="rce.download-and-run",
        pattern=r"\b(?:wget|curl|fetch|lwp-download)\s+(?:-{1,2}[\w-]+\s+(?:[\w/.]+\s+)?)*[\"']?(?:https?|ftp|[\w.-]+/|\d{1,3}\.\d)[^\s]+\s*(?:[;|&>]|-o|\|\s*(?:ba)?sh)|[;|&`(]\s*(?:wget|curl)\s+[\w:/.-]",
        weight=0.7,
        title="Downloads a file and runs it",
        in_text=0.25,
    ),
    Rule(
        id="rce.substitution",
        pattern=rf"(?:\$\(|`)\s*{PATH}{UNIX}(?:[\s)`$|;&</-]|$)|\$\(\(\s*\d+\s*[*+-]\s*\d+\s*\)\)|\$\(\s*<\s*[/\w]|\$\([\w/.-]+\)",
        weight=0.55,
        title="A command inside $( ) or backticks",
        in_text=0.15,
        check=commands,
    ),
    Rule(
        id="rce.shell-path",
        pattern=r"(?:^|[\s;|&`\"'(=$<>])/?(?:usr/)?(?:local/)?s?bin/(?:ba|z|k|c|tc|da|fi)?(?:sh|cat|id|ls|nc|wget|curl|ping|python\d?|perl|ruby|uname|whoami|env|sleep|echo|ps|rm|chmod|telnet|netcat|which|head|tail)\b|/bi?\?+/[\w?*]+|/[\w?]*\?[\w?]*/[\w?]*\?[\w?]*\s|/e\*?c?\w?/pa?[*?]+\w?",
        weight=0.5,
        title="The path of a shell or command",
        in_text=0.2,
        only=("query", "body", "cookie", "path", "header"),
    ),
    Rule(
        id="rce.reverse-shell",
        pattern=r"/dev/(?:tcp|udp)/[\w.-]+/\d|\b(?:bash|sh|zsh)\s+-i\b|\b(?:nc|ncat|netcat)(?:\.traditional|\.openbsd|\.exe)?\s+(?:-\w+\s+)*(?:[\w.:-]+\s+\d+\b|-\w*e\w?\b|-lv?n?v?p)|\bmkfifo\s+/|\bsocket\.socket\(|\bfsockopen\s*\(|\bpty\.spawn\(|\b(?:python[23]?|perl|ruby|php|node|lua)\s+-(?:e|c|r)\s+[\"']",
        weight=0.75,
        title="A shell that calls back, or a one-line program",
        in_text=0.25,
    ),
    Rule(
        id="rce.powershell",
        pattern=r"\bpowershell(?:\.exe)?[\s+]+(?:-|/)\w|\b(?:iex|invoke-expression)\s*[(\"'$n]|\b(?:new-object\s+(?:system\.)?net\.|invoke-webrequest\s|downloadstring\s*\(|downloadfile\s*\(|start-process\s+|get-wmiobject|invoke-mimikatz)|\bcmd(?:\.exe)?[\s+]+/[ckrqv]\b|\bcmd\.exe\b[^\w.]|\bcertutil(?:\.exe)?\s+-\w*urlcache|\bwscript\.shell\b",
        weight=0.7,
        title="PowerShell or cmd with a command",
        in_text=0.2,
    ),
    Rule(
        id="rce.timing",
        pattern=r"(?:[;|&`\n\"'(]|^|\$\(|\|\||&&)\s*(?:sleep|usleep|timeout(?:\s+/t)?|ping\s+(?:-[\w]{1,3}\s*\d*\s+){1,3})\s*(?:\d{1,3}(?:\.\d{1,3})*\b|localhost)",
        weight=0.6,
        title="Makes a shell wait",
        in_text=0.2,
    ),
    Rule(
        id="rce.code-call",
        pattern=r"\b(?:os\.(?:system|popen|exec\w*|spawn\w*)|subprocess\.(?:popen|call|run|check_output|getoutput)|commands\.getoutput|__import__\s*\(|pty\.spawn|runtime\.getruntime\(\)|process\.start\(|shell_exec|kernel\.(?:exec|system|`)|io\.popen|open3\.\w|child_process)\s*(?:\(|\.|[\"'`])",
        weight=0.6,
        title="A call that runs commands",
        in_text=0.2,
    ),
    Rule(
        id="rce.variables",
        pattern=r"\$\{?ifs\b\}?|\$@\w*\$@|\{(?:cat|ls|ping|wget|curl|nc|bash|sh|echo|id|uname|sleep|rm),[^}]*\}|\$\{(?:path|home|pwd|shell|oldpwd|env|sh)(?::|%|#|\})[^}]*|\$\{\w*(?:#\w?|:\d{1,3}:\d{1,3})\}|%(?:comspec|systemroot|programfiles|windir|appdata|username):?~?[-\d,]*%",
        weight=0.5,
        title="Shell variables that stand for blanks and names",
        in_text=0.2,
    ),
    Rule(
        id="rce.redirect",
        pattern=r"(?:[;|&`]|\becho\b|\bcat\b).+>{1,2}\s*(?:/(?:tmp|var|dev|etc|usr|home|root|opt)/|\.{1,2}/|[\w./-]+\.(?:php\d?|jspx?|aspx?|sh|py|pl|cgi|bat|exe)\b)",
        weight=0.55,
        title="A command that writes a file",
        in_text=0.25,
    ),
    Rule(
        id="rce.glob",
        pattern=r"(?:^|[;|&`$({\s=])/(?:(?:bin|usr|sbin|etc)[\w/]*[?*\[]|\?{2,}|\w\?\w/|\w{1,2}\*/)[\w/?*\[\]]*|/e\w?[?*]+\w*/pass?wd|/pa?[?*]+\w*\s*$|\b\w{1,8}>\(\)\w+",
        weight=0.5,
        title="A command's path written with wildcards",
        in_text=0.2,
    ),
    Rule(
        id="rce.batch",
        pattern=r"\bfor\s+/[dflr]\s+%|\bif\s+(?:/i\s+)?(?:not\s+)?(?:exist\s|defined\s|errorlevel\s|cmdextversion\s)|\bif\s+[%/]\S*\s+(?:lss|leq|gtr|geq|equ|neq|\w+==)|\bif/i\s",
        weight=0.5,
        title="A line of a Windows batch file",
        in_text=0.2,
    ),
    Rule(
        id="rce.perl",
        pattern=r"@\{\s*\[.+\]\s*\}",
        weight=0.6,
        title="Perl that is run inside a string",
        in_text=0.2,
    ),
    Rule(
        id="rce.ssi",
        pattern=r"<!--\s*#\s*(?:exec|include|echo|config|set|printenv|fsize|flastmod)\b|<esi:(?:include|inline|debug|vars|remove)",
        weight=0.75,
        title="A server-side include",
        in_text=0.4,
    ),
    Rule(
        id="rce.more-commands",
        pattern=r"(?:^|[;|&`\n]|\$\()[\s\"']*(?:/?(?:usr/|s?bin/|local/){1,3})?(?:ansible(?:-\w+)?|chef-\w+|aptitude|lastlog(?:in)?|visudo|c[89]9|cpulimit|busybox|nohup|flock|setarch|stdbuf|taskset|unshare|nsenter|chroot|dmesg|dmidecode|ltrace|tcpdump|tshark|ifup|iptables-save|journalctl|runuser|su\s+-|pkexec|tmux|mysqldump|pg_dump|rsync|rmt|pipx?\d?\s+install|zstdcat|unxz|xzcat|bzcat|gunzip|strace|perf\s+-|env\s+-|time\s+(?:ba|z)?sh|(?:ba|z|k|c|da)?sh\s+-c|python[23]\.\d+|sshpass|proxychains\d?|msfconsole|fdisk|mkfs|modprobe|insmod|lsmod|lsblk|lscpu|lsusb|lspci|getfacl|setfacl|chpasswd|groupadd|usermod|loginctl|hping3|arping|masscan)\b"
        r"(?:\s+(?:-{1,2}\w|/|sh\b|bash\b|\w+\b)|\s*(?:[;|&`)]|\\?n?$))",
        weight=0.55,
        title="A command line of an administrator's tool",
        in_text=0.3,
        only=("query", "body.form", "body.xml", "cookie", "header"),
    ),
    Rule(
        id="rce.agent-command",
        pattern=rf"^[\s\"']*(?:[;|&`]|\$\()+[\s\"'(]*{PATH}{UNIX}\b|^\s*{PATH}(?:bash|sh|nohup|busybox|curl|wget|python3?|perl|env|ansible[\w-]*|chef-\w+|visudo)\s+(?:-{{1,2}}\w|/|\w+\s)",
        weight=0.55,
        title="A header that is a command line",
        in_text=0.5,
        only=("header",),
        check=not_a_program_that_names_itself,
    ),
    Rule(
        id="rce.batch-statement",
        pattern=r"\bfor\s+(?:/[dflr]\s+)*(?:\"[^\"]*\"\s+)?(?:[a-z]:\\\S*\s+)?%{1,2}\S{0,12}\s+in\s*\(.*\)\s*do\b|\bif\s+(?:/i\s+)?(?:not\s+)?(?:\"[^\"\s]{0,6}[%!][^\"]{0,24}\"|\(?[%!]\S{1,24}|[\[({][%\w]{1,12}[\])}])\s*(?:==|lss|leq|gtr|geq|equ|neq)|\bif\s+(?:/i\s+)?(?:not\s+)?exist\s+\S+.*\becho\b|^\s*if\s+(?:/i\s+)?(?:not\s+)?(?:[\w.\"]+==+[\w.\"]+\s+\w|\"[^\"]*\"\s*==+\s*\"[^\"]*\"\s+\w|\w+\s+(?:equ|neq|lss|leq|gtr|geq)\s+\w+\s+\w)",
        weight=0.6,
        title="A loop or condition of a Windows batch file",
        in_text=0.9,
        only=("query", "body.form", "body.xml", "cookie"),
    ),
    Rule(
        id="rce.powershell-fetch",
        pattern=r"(?:^|[;|&(\s])(?:iwr|irm|invoke-(?:webrequest|restmethod|item|command))\s+(?:-\w+\s+)?[\"']?(?:https?|ftp|\\\\)|\binvoke-(?:expression|command|wmimethod)\s+-\w|\b(?:iwmi|gwmi|icm)\s+-\w",
        weight=0.65,
        title="PowerShell that fetches",
        in_text=0.5,
    ),
    Rule(
        id="rce.alias",
        pattern=r"^\s*alias\s+(?:[-+]\w+\+?\s+)*[\"']?[\w.-]+[\"']?=",
        weight=0.55,
        title="A shell alias",
        in_text=0.5,
        only=("query", "body.form", "body.json"),
    ),
    Rule(
        id="rce.fork-bomb",
        pattern=r"[\w:]+\s*\(\s*\)\s*\{[^{}]{0,64}[|&]\s*[^{}]{0,64}&[^{}]{0,32}\}|[\w:]+\s*\(\s*\)\s*\{[^{}]{0,64}&[^{}]{0,32}\}\s*;\s*[\w:]+|[\w:.]+\(\)\s*\{\s*[\w:.]+(?:\(\))?\s*\|\s*&?\s*[\w:.]+",
        weight=0.6,
        title="A shell function that calls itself until nothing is left",
        in_text=0.3,
    ),
    Rule(
        id="rce.brace-words",
        pattern=r"^\w{0,8}\{[\w/?*.$\"'#-]{0,24}(?:,[\w/?*.$\"'#-]{0,24}){1,4}\}\w{0,8}$|^\{/?[\w?*/]*\?[\w?*/]*,",
        weight=0.5,
        title="A command written in the shell's braces",
        in_text=0.3,
        only=("query", "body.form", "body.xml"),
    ),
    Rule(
        id="rce.empty-variable",
        pattern=rf"\b(?:uname|(?:ba|z)?sh|cat|curl|wget|whoami|nc|ls|id|ping|python\d?|perl)\$\w+\s+\S|[;|&]\s*\$\w+\s+{UNIX}\b|^[^\s]*(?:=\S*;)+\s*(?:\$\w{{1,4}}){{4,}}|[a-z](?:``|<\(\)|\$\(\))(?:[a-z]|\s+\d)|(?:\"\"[\w.]){{3,}}|[<>]\(\w+\)",
        weight=0.55,
        title="A command cut by expansions that give nothing",
        in_text=0.2,
        only=("query", "body.form", "body.xml"),
    ),
    Rule(
        id="rce.quoted-command",
        pattern=rf"(?:^|[;|&]\s*)['\"]+{UNIX}['\"]\s+(?:-|https?:|/)|[;|&]\s*['\"]\w+['\"]\s+(?:--?\w|https?:|/\w)|\bcd\s+/\w*\s*;\s*\w|\b(?:ba|z|da|k|c)?sh\s+-\w*c\s+[\"'\w$/]|(?:^|\W)%x[(\[{{]\s*[\"']?\w+[\s\"')\]}}]|[;|&]\s*(?:ex|vim?|less|more|man|ed)\s+.*!\s*\w{{2,}}",
        weight=0.55,
        title="A command in quotes, or one that is run from another program",
        in_text=0.2,
        only=("query", "body.form", "body.xml", "cookie"),
    ),
    Rule(
        id="rce.program-path",
        pattern=r"^[\s\"']*/?(?:usr/|local/)*s?bin/[\w.-]+(?:\s+[-/]\S*)*\s*$",
        weight=0.5,
        title="A value that is the path of a program",
        in_text=0.3,
        only=("query", "body.form", "cookie"),
    ),
    Rule(
        id="rce.shell-shorthand",
        pattern=r"^~[+-]\d*$|^!-?\d+(?:!-?\d+)+|\$\[\s*\d+\s*[-+*/]\s*\d|\$\(\(.*\)\)",
        weight=0.5,
        title="A shorthand of the shell for folders, history or sums",
        in_text=0.3,
        only=("query", "body.form"),
    ),
    Rule(
        id="rce.windows-tool",
        pattern=r"(?:^|[;|&])\s*(?:regedit|bcdboot|bcdedit|diskpart|fsutil|vssadmin|wbadmin|at)(?:\.exe)?\s*(?:/\w|<|\d?\d:\d\d)",
        weight=0.55,
        title="A Windows tool with its arguments",
        in_text=0.2,
        only=("query", "body.form", "body.xml", "cookie"),
    ),
)

DETECTOR = Detector(
    class_="rce",
    title="Command injection",
    advice="Call programs with a list of arguments and no shell, and let clients choose from fixed values only."
    " Look for new processes, files and outgoing connections of the server at that time.",
    severity="critical",
    cwe=("CWE-78", "CWE-77", "CWE-97"),
    capec=("CAPEC-88", "CAPEC-248", "CAPEC-101"),
    attack=("T1190", "T1059"),
    owasp=("A03:2021", "API8:2023"),
    rules=RULES,
)
