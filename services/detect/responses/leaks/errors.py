"""Errors of databases and directories: which one there is, and what it was asked."""

from services.detect.responses.belief import after_attack, as_error
from services.detect.responses.rules import BodyRule
from services.detect.rules import Detector

SQL = frozenset({"sqli"})
NOSQL = frozenset({"nosqli"})


def _rule(name: str, pattern: str, title: str, after: frozenset[str] = SQL) -> BodyRule:
    return BodyRule(
        id=f"database_error.{name}",
        pattern=pattern,
        weight=0.7,
        title=title,
        believed=as_error,
        after=after,
        proves=after_attack,
    )


RULES = (
    _rule(
        "mysql",
        r"you have an error in your sql syntax; ?check the manual|\bmysql_(?:fetch|num|query|connect|result)\w*\(\)"
        r"|\bmysqli(?:_\w+|::\w+)\(\):|\bmysqlexception\b|\bcom\.mysql\.(?:cj\.)?jdbc\.|unknown column '[^'\r\n]+' in '\w"
        r"|the used select statements have a? ?different number of columns|\bmysqlsyntaxerrorexception\b"
        r"|\bmysql server version for the right syntax\b|\b(?:maxdb|mariadb)(?:::|_)\w+\(\):",
        "An error of MySQL or MariaDB",
    ),
    _rule(
        "postgresql",
        r"\bpg_(?:query|exec|connect|prepare|fetch\w*)\(\):|\bpsqlexception\b|\bpsycopg2?\.errors\.|\bpg::\w+error\b"
        r"|error:\s{1,4}syntax error at or near|unterminated quoted string at or near|\bnpgsql\.\w*exception\b"
        r"|invalid input syntax for (?:type )?(?:integer|uuid|numeric|bigint)|error:\s{1,4}(?:column|relation|function) [\"\w.(), ]+ does not exist",
        "An error of PostgreSQL",
    ),
    _rule(
        "sql-server",
        r"unclosed quotation mark (?:after|before) the character string|\bincorrect syntax near (?:'|the keyword)|\bmssql_\w+\(\):"
        r"|microsoft ole db provider for (?:sql server|odbc)|\[microsoft\]\[odbc|\bsystem\.data\.sqlclient\.|\bmicrosoft\.data\.sqlclient\."
        r"|\bsqlexception \(0x|\bsqlsrv_\w+\(\):|conversion failed when converting the n?varchar value|\bcom\.microsoft\.sqlserver\.jdbc",
        "An error of SQL Server or ODBC",
    ),
    _rule(
        "oracle",
        r"\bora-\d{5}: ?\w|\boci_(?:parse|execute|fetch)\w*\(\):|\boracle\.jdbc\.|\bquoted string not properly terminated\b|\bsql command not properly ended\b",
        "An error of Oracle",
    ),
    _rule(
        "sqlite",
        r"\bsqlite3?(?:::|_)(?:query|exec|prepare)\w*\(\)|\bsqlite3\.(?:operational|integrity|programming|database)error\b|\bsqlite_error\b"
        r"|\bsystem\.data\.sqlite\.|\bsqlite/jdbcdriver\b|near \"[^\"\r\n]{1,40}\": syntax error|unrecognized token: \"",
        "An error of SQLite",
    ),
    _rule(
        "db2-and-others",
        r"\bdb2 sql error: sqlcode|\bsqlcode=-\d{3,5}, ?sqlstate=|\bdynamic sql error\b|\binformix odbc|\bdm_query_e_\w+|\borg\.hsqldb\.jdbc|\borg\.h2\.jdbc"
        r"|\bsybase(?: message:|sqlexception)|\bibase_\w+\(\):|\bsyntax error \(missing operator\) in query expression|\bjet database engine error|\bingres sqlstate|\bcom\.sap\.db\.jdbc",
        "An error of a database",
    ),
    _rule(
        "driver",
        r"\bsqlstate\[\w{5}\]|\bjava\.sql\.sql\w*exception\b|\borg\.hibernate\.(?:exception|query)\.\w+exception|\bpdoexception\b|\bsqlalchemy\.exc\.\w+error"
        r"|\borg\.springframework\.(?:jdbc|dao)\.\w+exception|\bsequelizedatabaseerror\b|\bqueryfailederror: ",
        "An error of a database driver",
    ),
    _rule(
        "mongodb",
        r"\bmongo(?:server|db|network|\\driver\\exception)?error: |\bmongoservererror\b|\be11000 duplicate key error|\bunknown (?:top level )?operator: \$\w",
        "An error of MongoDB",
        NOSQL,
    ),
    _rule(
        "ldap-xpath",
        r"\bldap_(?:search|bind|list)\(\):|\bjavax\.naming\.\w*exception\b|\bldapexception\b|\bbad search filter\b"
        r"|\bxpathexception\b|\bxmlxpatheval|\bsimplexmlelement::xpath\(\)|\bdomxpath::\w+\(\):",
        "An error of LDAP or XPath",
        frozenset({"ldapi", "sqli"}),
    ),
)  # fmt: skip

LEAK = Detector(
    class_="database_error",
    title="Database error in an answer",
    advice="Answer with an error of your own and log the database's: it names tables and columns, and"
    " guides who tries injections. Bind parameters where it came from input.",
    severity="low",
    cwe=("CWE-209", "CWE-200"),
    capec=("CAPEC-54", "CAPEC-7"),
    attack=("T1592",),
    owasp=("A05:2021", "API8:2023"),
    rules=RULES,
)
