"""Path traversal and reading of files: paths that leave their folder, or name what no page needs."""

from services.detect.rules import Detector, Match, Rule

SYSTEM_FILE = (
    r"(?:etc[/\\]+(?:passwd|shadow|group|hosts|issue|motd|fstab|crontab|sudoers|mtab|profile|resolv\.conf|hostname|inittab|services|environment|os-release"
    r"|(?:ssh|apache2?|httpd|nginx|mysql|php\d?|redis|vsftpd|proftpd|samba|postgresql|tomcat\d?|init\.d|cron\.\w+|security|pam\.d|network|rc\.\w+|sysconfig|exports|ldap|openvpn|logrotate\.d)\b)"
    r"|proc[/\\]+(?:self|version|cmdline|cpuinfo|mounts|net|sched_debug|\d+)\b|var[/\\]+(?:log[/\\]+(?:apache\d?|httpd|nginx|auth|messages|syslog|secure|mysql|vsftpd|lastlog|wtmp|mail|access|error)|mail|spool|lib/(?:mysql|php)|run/secrets)\b"
    r"|(?:boot|win|system|php|my|desktop|autoexec)\.(?:ini|bat|sys)\b|win(?:dows|nt)[/\\]+(?:system32|win\.ini|repair|system\.ini|php\.ini|iis|debug|temp|panther)|system32[/\\]|inetpub[/\\]|sys/class|usr/local/(?:apache|etc|php|nginx)|root/\.(?:ssh|bash))"
)


def is_plain_otherwise(match: Match) -> bool:
    """Apart from the null byte the value is readable: it is a name, not a picture."""
    return match.point.value.replace(b"\0", b"").isascii()


RULES = (
    Rule(
        id="lfi.steps-up",
        pattern=r"(?:^|[^.\w]|\w)\.{2,4};?(?:[/\\]+|[/\\]\.?[/\\]?)\.{2,4};?(?:[/\\]|$)",
        weight=0.75,
        title="Two or more steps out of a folder",
        in_text=0.3,
    ),
    Rule(
        id="lfi.encoded-steps",
        pattern=r"(?:\.|%2e|0x2e|%c0%[2ae6]e|%c0\.|%u002e|%25c0%25ae|\xc0[\x2e\xae]|%e0%[48]0%ae|%uff0e){2}(?:%(?:25)*(?:2f|5c|c0%[a-z0-9]{2}|c1%[0-9a-z]{2}|e0%80%af|u\d{4}|bg%qf|uff0f|32%66|f[08]%\w{2})|0x[25][fc]|2f\.|5c\.|[\xc0\xc1]|%%32%66|%%35%63|\xef\xbc\x8f)",
        weight=0.85,
        title="A step up in an odd encoding",
        in_text=0.4,
    ),
    Rule(
        id="lfi.strange-steps",
        pattern=r"(?:\.\.|0x2e0x2e|%2e%2e)(?:%(?:25)*(?:2f|5c|c[01]|e0|f[08c]|u\w{4}|bg|qf|8\w|a[ef]|9c|00|[%?]\w\w)+|0x[0-9a-f]{2}|[\x80-\xff]+|[\\/|?*])+(?:\.\.|0x2e0x2e|%2e%2e)",
        weight=0.6,
        title="Steps up with something strange for a slash",
        in_text=0.3,
    ),
    Rule(
        id="lfi.step-to-file",
        pattern=r"(?:^|[=:/\\|])\.{1,2}[/\\]+(?:[\w.-]+[/\\]+)*(?:"
        + SYSTEM_FILE[3:-1]
        + r"|web-inf|\.(?:ht\w{2,}|env|git|svn|ssh|bash\w*)|[\w-]+\.(?:ini|conf|log|bak|old|inc|config|cfg|yml|key|pem|sql|passwd)\b)",
        weight=0.7,
        title="A relative path to a file that is not for the web",
        in_text=0.3,
    ),
    Rule(
        id="lfi.step-up",
        pattern=r"^[\"'\s]{0,2}(?:file:|[\w.-]+[/\\])?\.\.[/\\]{1,3}[\w./\\%~-]+[\x00]?[\w.]*$",
        weight=0.5,
        title="A value that is a path and begins with a step up",
        in_text=0.3,
        only=("query", "body", "cookie"),
    ),
    Rule(
        id="lfi.backslash-steps",
        pattern=r"(?:\.\.\\){1,}|(?:\.\.\\/){1,}|(?:\.\./\\){1,}|(?:\.\.[/\\]{2,6}){2,}|\.\.;/|/\.{3,}/|\.\?/\.\?/|\.\.\x00/|\.\.%/",
        weight=0.55,
        title="A step up as Windows or a lenient server takes it",
        in_text=0.3,
    ),
    Rule(
        id="lfi.system-file",
        pattern=r"(?:^|[/\\\s=:|>'\"(,;&])[/\\]*" + SYSTEM_FILE,
        weight=0.6,
        title="A file of the operating system",
        in_text=0.25,
    ),
    Rule(
        id="lfi.absolute-file",
        pattern=r"^\s{0,2}[\"']?[/\\]+(?:etc|proc|var/log|root|usr/local|home/[\w.-]+/\.\w|private/etc|opt/\w+/(?:conf|log|etc)|boot|sys|apache2?/(?:logs|conf)|logs/(?:access|error)|windows|winnt)[/\\]",
        weight=0.45,
        title="A value that is an absolute path of the system",
        in_text=0.3,
        only=("query", "body", "cookie", "header"),
    ),
    Rule(
        id="lfi.drive",
        pattern=r"(?:^|[=|\s\"'/\\])[a-z]:[/\\]+(?:boot\.ini|windows|winnt|inetpub|xampp|wamp|program files|documents and settings|apache|php|autoexec|sysprep|mysql|minint|config\.sys|unattend)",
        weight=0.55,
        title="A path on a Windows drive",
        in_text=0.3,
    ),
    Rule(
        id="lfi.log-file",
        pattern=r"^[\w:./\\-]*[/\\](?:logs?|adm)[/\\](?:[\w.-]+[/\\])*(?:(?:access|error|messages|auth|xfer|ftp|mail|pop|sys|secure)[_.]?(?:log)?|[uw]tmpx?|lastlog|sulog)(?:\.log)?$",
        weight=0.5,
        title="The path of a server's log",
        in_text=0.3,
        only=("query", "body.form", "body.json", "body.grpc", "body.part", "cookie"),
    ),
    Rule(
        id="lfi.file-url",
        pattern=r"(?:^|[=\s\"'(,])(?:file:/+|netdoc:/|jar:file:|view-source:file)[\w./\\%:|~-]+",
        weight=0.55,
        title="A file: URL",
        in_text=0.3,
        only=("query", "body", "cookie", "header", "path"),
    ),
    Rule(
        id="lfi.application-file",
        pattern=r"(?:^|[/\\=])(?:web-inf|meta-inf)[/\\]|(?:^|[/\\=])(?:\.ht(?:access|passwd|group)|\.bash_(?:history|profile)|\.bashrc|\.zsh_history|\.mysql_history|\.psql_history|\.sh_history|\.ssh[/\\]|id_[rd]sa\b|authorized_keys|\.netrc|\.pgpass|\.npmrc|\.aws[/\\]credentials|\.docker[/\\]config|wp-config\.php|web\.config|global\.asax|applicationhost\.config|localsettings\.php|sites/default/settings\.php|configuration\.php(?:[-~.]|$))",
        weight=0.6,
        title="A file that keeps an application's secrets",
        in_text=0.25,
    ),
    Rule(
        id="lfi.share",
        pattern=r"^[\\/]{2}[\w.:%-]+[\\/](?:[a-z]\$|admin\$|ipc\$)(?:[\\/]|$)",
        weight=0.65,
        title="A Windows share that only administrators use",
        in_text=0.3,
    ),
    Rule(
        id="lfi.dots",
        pattern=r"(?:[/\\]\.){3,}[/\\]|[/\\:]\.{4,}[/\\{]|[/\\]\.{9,}",
        weight=0.55,
        title="Rows of dots for a path",
        in_text=0.3,
    ),
    Rule(
        id="lfi.hidden-file",
        pattern=r"etc(?:[^a-z\s]+|2f|5c|(?:0x|%)[0-9a-z%]+?|[\x80-\xff]+)+(?:passwd|shadow|issue|hosts|group)\b|windows(?:[^a-z\s]+|%\w+)+system32|(?:%\w+|0x[25][fc]|[\x80-\xff\x00-\x08])boot\.ini\b",
        weight=0.55,
        title="A system file behind an odd separator",
        in_text=0.3,
    ),
    Rule(
        id="lfi.null-byte",
        pattern=r"[/\\.\w]\x00(?:\.?(?:html?|php|jpe?g|png|gif|txt|pdf|js|css|xml|asp|jsp)\b)?$|\.(?:php|asp|jsp|ini|conf|txt|html|log)\x00",
        weight=0.55,
        title="A null byte after a file's name",
        in_text=0.5,
        check=is_plain_otherwise,
        only=("query", "path", "cookie", "body.form", "body.json", "body.grpc", "header"),
    ),
    Rule(
        id="lfi.slashless",
        pattern=r"^(?:file:)?(?:\.{2,}[/\\]?)+(?:etc[/\\]?passwd|web-inf|windows|boot\.ini|inetpub)|^[a-z]:(?:windows|winnt|inetpub|boot)\w*\.\w+|etcpasswd\b",
        weight=0.55,
        title="A path to a system file whose slashes a filter took",
        in_text=0.3,
    ),
    Rule(
        id="lfi.configuration",
        pattern=r"^[\"']?[/\\](?:etc|var|usr|opt|xampp|proc|sys)[/\\](?:[\w.@-]+[/\\])*[\w.-]*(?:\.(?:cnf|conf|ini|cfg|log|pid|sock|properties|passwd|pwd|bak|notice)|log|[uw]tmp)$|^[\"']?/proc/(?:\d+|self|thread-self|sys)/[\w/.-]+$|^[\"']?/proc/(?:loadavg|version|mounts|cpuinfo|meminfo|net/\w+|config\.gz|cmdline|modules|partitions|swaps|stat|filesystems|interrupts)$",
        weight=0.55,
        title="The path of a server's configuration or log",
        in_text=0.3,
        only=("query", "body.form", "body.json", "cookie", "header"),
    ),
    Rule(
        id="lfi.dot-segments",
        pattern=r"(?:/\.[/\\]{1,4}){2,}|(?:^|/)(?:\.[\\/]+){3,}|/(?:0x2e){1,3}(?:x?2e|0x2e)+|\.\.;[./\\]|0x5c0x2e",
        weight=0.55,
        title="Rows of steps to the same folder",
        in_text=0.3,
        only=("query", "body.form", "body.json", "cookie", "header"),
    ),
)

DETECTOR = Detector(
    class_="lfi",
    title="Path traversal",
    advice="Look files up by an id or a fixed list instead of a path from the client; resolve the path and"
    " refuse what leaves its folder. If the server answered with a file, treat what it holds as known.",
    severity="high",
    cwe=("CWE-22", "CWE-23", "CWE-36", "CWE-98"),
    capec=("CAPEC-126", "CAPEC-139", "CAPEC-64"),
    attack=("T1190", "T1083"),
    owasp=("A01:2021", "API8:2023"),
    rules=RULES,
)
