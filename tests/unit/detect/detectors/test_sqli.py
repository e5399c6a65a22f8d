"""SQL injection: what must fire, and what must not."""

from services.detect.detectors.sqli import DETECTOR
from tests.unit.detect.detectors.cases import (
    check_attacks,
    check_fires,
    check_silent,
    form,
    header,
    query,
)

FIRES = {
    "sqli.union-select": [
        (query, "1 UNION ALL SELECT name, secret FROM staff"),
        (query, "0/**/union/**/select 1,2"),
    ],
    "sqli.tautology": [(query, "9' AND 'abc' = 'abc"), (query, "7) OR 3 > 2")],
    "sqli.leading-logic": [(query, "or 5 = 5 --"), (query, "' or true")],
    "sqli.closed-tautology": [(query, "ann' or 'k'='k' --"), (query, "x' OR 'd' = 'd")],
    "sqli.variable": [(query, "declare @cmd varchar(90)")],
    "sqli.probe-name": [(query, "'sqlvuln")],
    "sqli.equal-literals": [(query, "12 AND 88=88")],
    "sqli.quoted-logic": [(query, "ann' or 'z")],
    "sqli.quoted-operator": [(query, "ann'||'ex")],
    "sqli.comment-end": [(query, "admin'-- "), (query, "admin')#")],
    "sqli.stacked": [(query, "4; drop table orders"), (query, "x'; insert into staff values(1)")],
    "sqli.delay": [(query, "1 and sleep(7)"), (query, "1; waitfor delay '0:0:4'")],
    "sqli.oracle": [(query, "1 and extractvalue(1, concat(0x5c, user()))")],
    "sqli.catalogue": [(query, "1 and (select count(*) from information_schema.tables) > 3")],
    "sqli.server-variable": [(query, "-1 or length(database()) = 6")],
    "sqli.subselect": [(query, "5-(select 2 from dual)")],
    "sqli.select-from": [(query, "x' or exists(select secret from staff)")],
    "sqli.select-value": [(query, "2;select version()")],
    "sqli.order-by-number": [(query, "3 order by 9"), (query, "x' order by 4#")],
    "sqli.file": [
        (query, "1 union select load_file('/etc/hostname')"),
        (query, "' into outfile '/tmp/a"),
    ],
    "sqli.shell-procedure": [(query, "1; exec xp_cmdshell 'dir'")],
    "sqli.procedure": [(query, "1; exec sp_configure 'x'")],
    "sqli.xpath": [(query, "ann'] | /users/user['a"), (query, "' or count(/*)=1 or 'a'='b")],
    "sqli.conditional": [
        (query, "if(7=7, 'a', 'b')"),
        (query, "1 and case when 2=2 then 1 else 0 end"),
    ],
    "sqli.concatenated": [(query, "x'||(select banner from v$version)||'")],
    "sqli.inline-comment": [(query, "1 /*!50000union*/ all"), (query, "un/**/ion")],
    "sqli.bare-quote-end": [(query, "ann' or")],
    "sqli.open-call": [
        (query, "7;group_concat("),
        (form, "q=LENGTH("),
    ],
    "sqli.cast": [
        (query, "(owner)::int"),
        (query, "note::text"),
    ],
    "sqli.json-operator": [
        (query, "OR '{\"k\":1}'::jsonb @> '{\"k\":1}'"),
        (query, "json_extract (doc, '$.k')"),
    ],
    "sqli.alias-from": [
        (query, ") as total from"),
        (query, "` as `n` from"),
    ],
    "sqli.quoted-word": [
        (query, "x'sounds like rowid--"),
        (query, "7'%owner--"),
    ],
    "sqli.open-statement": [
        (query, "';drop invoices"),
        (header, "X-Ref: delete from invoices;--"),
    ],
    "sqli.settings": [
        (query, "select current_setting('data_directory')"),
        (query, "select * from pg_shadow"),
    ],
    "sqli.half-clause": [
        (query, "from invoices where owner"),
        (query, "case when 1 then 2"),
        (query, "case tan(4) when 9 then 8 end"),
    ],
    "sqli.compared-numbers": [
        (query, "7<=>8"),
        (query, "3 not between 4"),
        (query, "4.94065645841246544e-324"),
    ],
    "sqli.schema-name": [
        (query, "information_schema"),
        (query, "openrowset"),
    ],
    "sqli.logic-call": [
        (query, "bob' and not likely(id)--"),
    ],
    "sqli.comment-tail": [(query, "8*2 --"), (form, "q=( tan ( 'z' ))/*")],
    "sqli.word-operator": [(query, "' not rlike '"), (query, "b'SOUNDS LIKE'")],
    "sqli.variable-argument": [(query, "7-char_length(@@hostname)")],
    "sqli.printed-quotes": [(query, "ann’ or ‘7’=‘7"), (query, "5‘ and ‘b’ like ‘b")],
    "sqli.account": [
        (query, "create user eve identified by 'k'"),
        (query, "grant dba to eve"),
        (query, "set @q='x'; prepare p from @q"),
    ],
    "sqli.leading-call": [(query, "and isnull(3/0"), (query, "' or substr(pass,2)")],
}

ATTACKS = [
    (query, "1' or '1'='1"),
    (query, "-5 union select 1,2,3"),
    (query, "1%27%20or%201=1--"),
    (query, "MScgVU5JT04gU0VMRUNUIDEsMiwzLS0g"),
]

SILENT = [
    (query, "O'Brien and Sons"),
    (query, "Rock 'n' Roll or jazz"),
    (query, "select a size from the list"),
    (query, "the union of workers will select from its members"),
    (query, "it's 5 o'clock and I'm = tired"),
    (query, "drop the table off at 5"),
    (query, "5' 11\""),
    (query, "SELECT name FROM products WHERE price > 10"),
    (query, "how do I use union select with order by 1 in my query?"),
    (query, '"red shoes" AND "size 9"'),
    (query, "1--2"),
    (query, "a=b&c=d"),
    (query, "price > 5 and stock < 9"),
    (query, "select an option"),
    (query, "order by price"),
    (query, "std::vector<int> or std::string"),
    (query, "length (cm)"),
    (form, "title=the 'in' operator"),
    (query, '"CREATE A MUG"'),
    (query, '"-1"'),
    (query, "5 in 6 people"),
    (query, "see below --"),
    (query, "1---"),  # a consent string: nothing said (IAB US Privacy)
    (query, "to be continued--"),
    (query, "the 'like' button"),
    (query, "type: 'regexp'"),
    (query, "the ‘red’ or the ‘blue’ one"),
    (query, "Ann’s and ‘Bob’ = friends"),
    (query, "or if (as I think) not"),
    (query, "just in case it rains when we then end"),
    (query, "create user stories, identified by name"),
    (query, "1.25e-30"),
    (query, "grant access to all"),
]


def test_every_rule_fires_on_its_cases() -> None:
    assert sum(len(cases) for cases in FIRES.values()) == 74
    check_fires(DETECTOR, FIRES)


def test_whole_attacks_are_called_so() -> None:
    check_attacks(DETECTOR, ATTACKS)


def test_look_alikes_are_silent() -> None:
    check_silent(SILENT)
