"""Files that are not for the web: version control, settings, dumps, backups, source."""

import re

from services.detect.responses.answer import Answer
from services.detect.responses.belief import on_path
from services.detect.responses.markup import in_tag, inside
from services.detect.responses.rules import TEXTS, Belief, BodyRule
from services.detect.rules import Detector, Match

GIT = on_path(r"/\.git/(?:config|head|logs/head|packed-refs|fetch_head|description)")
SVN = on_path(r"/\.svn/(?:entries|wc\.db)", r"/\.hg/(?:hgrc|requires)", r"/\.bzr/[\w/-]+")
ENV = on_path(r"/\.env(?:\.[\w.-]+)?", r"/[\w-]+\.env")
DUMP = on_path(r"\.sql(?:\.txt)?", r"\.dump", r"/(?:dump|backup|db)[\w.-]*")
BACKUP = on_path(
    r"\.(?:bak|old|orig|save|swp|backup|copy|txt|inc|src|dist)",
    r"\.\w{2,5}~",
    r"\.(?:php|jsp|aspx?)[._-]\w+",
)
PASSWORDS = on_path(r"/\.ht(?:passwd|access|group)", r"/\.aws/credentials", r"/\.npmrc", r"/\.netrc", r"/\.pgpass",
                    r"/\.docker/config\.json", r"/\.bash_history", r"/\.git-credentials")  # fmt: skip
MAP = on_path(r"\.map")
PATHS = {
    "git": GIT, "svn": SVN, "env": ENV, "dump": DUMP, "passwords": PASSWORDS, "backup": BACKUP,
    "source-map": MAP,
}  # fmt: skip
ASSIGNMENT = re.compile(rb"^(?:export )?[A-Z][A-Z0-9_]{2,60}=", re.M)
ASSIGNMENTS_MIN = 2
OWN_SOURCE = re.compile(
    rb'"sources(?:Content)?"\s*:\s*\[[^\]]{0,4000}?(?:webpack:///?(?:\./)?src/|"(?:\.\./)*src/|\.vue"|\.tsx")',
    re.S,
)
QUOTES = frozenset(b"pre code textarea script style blockquote samp".split())


def served(match: Match, answer: Answer) -> bool:
    """Answered with 200 and no page."""
    return answer.status == 200 and answer.kind != "html"


def settings(match: Match, answer: Answer) -> bool:
    """An .env file: assignments from the first line on."""
    found = len(ASSIGNMENT.findall(match.point.value[:8_192])) >= ASSIGNMENTS_MIN
    return found and served(match, answer)


def unrun(match: Match, answer: Answer) -> bool:
    """Source that the server should have run: in the page itself, in no example or script."""
    value, at = match.point.value, match.start
    if answer.prose or in_tag(value, at) is not None or inside(value, at, QUOTES):
        return False
    return answer.status == 200 and (at < 512 or answer.kind == "html")


def backup(match: Match, answer: Answer) -> bool:
    """Source under a name that the server does not run."""
    return served(match, answer) and len(match.before.strip()) < 4


def own_map(match: Match, answer: Answer) -> bool:
    """A source map with the application's own sources in it, not a library's."""
    return answer.status == 200 and bool(OWN_SOURCE.search(match.point.value))


def _rule(
    name: str,
    pattern: str,
    title: str,
    believed: Belief,
    weight: float = 0.95,
) -> BodyRule:
    return BodyRule(
        id=f"exposed_file.{name}",
        pattern=pattern,
        weight=weight,
        title=title,
        believed=believed,
        kinds=TEXTS,
        path=PATHS.get(name),
    )


RULES = (
    _rule("git", r"repositoryformatversion\s?=|\Aref: refs/|\A[0-9a-f]{40} [0-9a-f]{40} |\A# pack-refs with|\A[0-9a-f]{40}\s", "a file of its Git repository", served),
    _rule("svn", r"\A\d{1,2}\s|\A(?:revlogv1|store|dotencode)\s|\Asqlite format 3|\[paths\]\s", "a file of its version control", served),
    _rule("env", r"\b[A-Z][A-Z0-9_]+=", "a file of settings and passwords", settings),
    _rule("dump", r"-- (?:mysql|mariadb|postgresql database|phpmyadmin sql) dump|\bcreate table (?:if not exists )?[`\"\[]?\w+[`\"\]]?\s*\(|\binsert into [`\"\[]?\w+[`\"\]]?[^;]*\bvalues\b", "a dump of a database", served),
    _rule("passwords", r"\A[\w.@-]+:(?:\$apr1\$|\$2[aby]\$|\{sha\}|\$[156]\$|[\w./]{13}\s)|aws_secret_access_key\s?=|_authtoken=|\bmachine \S+ login |\"auths\"\s?:|\A(?:\s*#[^\n]*\n)*\s*(?:rewriteengine|authtype|deny from|order )", "a file of passwords or access rules", served),
    _rule("backup", r"<\?php\s|<%@ ?page\b|<\?xml[^>]*>\s*<configuration\b", "source under the name of a backup", backup),
    _rule("php-source", r"<\?php\s+[\w$/*#<]", "source of PHP that was not run", unrun, 0.9),
    _rule("template-source", r"<%@ ?(?:page|taglib|include|import|control|master|application)\b|<%=? ?@?[a-z_][\w.()\[\]'\" ]+%>|\A\s{0,8}p [\w: ]+#\{[\w.]+\}", "a template that was not run", unrun, 0.7),
    _rule("source-map", r"\"mappings\"\s?:\s?\"|\"sourcescontent\"\s?:\s?\[", "a source map with the application's own source", own_map, 0.6),
)  # fmt: skip

LEAK = Detector(
    class_="exposed_file",
    title="File that is not for the web",
    advice="Take it out of the folder that is served, deny names that begin with a dot and those of backups, and"
    " change every password that it held.",
    severity="high",
    cwe=("CWE-538", "CWE-527", "CWE-530", "CWE-540"),
    capec=("CAPEC-87", "CAPEC-95"),
    attack=("T1083", "T1552.001"),
    owasp=("A05:2021", "API8:2023"),
    rules=RULES,
)
