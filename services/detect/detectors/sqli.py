"""SQL injection: values that end a literal and go on in SQL.

Three kinds of rules: a break-out (a quote, a bracket or a number, then logic, a UNION or a
second statement), calls that only attackers send to a database (delays, error oracles, its
catalogue), and libinjection's opinion (services/detect/libinjection.py).
"""

from services.detect.detectors.breaking_out import breaks_out, not_a_phrase, not_a_quotation, short
from services.detect.rules import Detector, Rule

# White space as SQL sees it, comments and the brackets that stand for blanks included.
GAP = r"(?:[\s(+]|/\*.*\*/)"
COMPARE = (
    r"(?:=|<=>|<>|!=|<|>|:=|\b(?:not\s+)?(?:like|rlike|regexp|in|is|between|sounds|glob|similar)\b)"
)
OPERAND = r"[\"'`(\s~!@+-]*[\w.@$%\[\]]*[\"'`)\s]*"

RULES = (
    Rule(
        id="sqli.union-select",
        pattern=rf"\bunion{GAP}+(?:(?:all|distinct(?:row)?){GAP}+)?(?:select|values|table)\b",
        weight=0.85,
        title="UNION SELECT",
        in_text=0.4,
    ),
    Rule(
        id="sqli.tautology",
        pattern=rf"(?:[\"'`)\]]|\d)\s*{GAP}*(?:\b(?:and|or|xor|having|where)\b|\|\||&&)"
        rf"{GAP}*{OPERAND}{COMPARE}",
        weight=0.6,
        title="Logic with a comparison after the end of a literal",
        in_text=0.3,
        check=breaks_out,
    ),
    Rule(
        id="sqli.leading-logic",
        pattern=rf"^[\s\"'`)+]*(?:or|and|xor|having|\|\||&&){GAP}+(?:not\s+)?(?:{OPERAND}{COMPARE}|true\b|false\b|exists|\d+\s*$|\d+\s*(?:--|#))",
        weight=0.6,
        title="A value that begins with logic",
        in_text=0.3,
        check=not_a_phrase,
    ),
    Rule(
        id="sqli.closed-tautology",
        pattern=r"[\"'`)]\s*(?:or|and|xor|\|\||&&)[\s(]+(?:not\s+)?[\"'`(]*[\w%.]+[\"'`)]*\s*(?:=|<|>|like|is|in)\s*[\"'`(]*[\w%.]*[\"'`)]*\s*(?:--[\s\w+-]*|#.*|/\*.*|;\s*\x00?)?$",
        weight=0.7,
        title="Logic after a literal's end, to the end of the value",
        in_text=0.8,
        check=breaks_out,
    ),
    Rule(
        id="sqli.variable",
        pattern=r"\bdeclare\s+@?\w+\s+(?:n?(?:var)?char|int|cursor|table|sysname)\b|\bselect\s+@\w+\s*=",
        weight=0.6,
        title="Declares a variable of SQL",
        in_text=0.3,
    ),
    Rule(
        id="sqli.probe-name",
        pattern=r"\bsql(?:vuln|attempt\d?|injection_?test)\b|^#\s*from\s+wapiti|\\'\s*;\s*desc\s+\w+",
        weight=0.6,
        title="A value that only SQL injection lists hold",
        in_text=0.2,
    ),
    Rule(
        id="sqli.equal-literals",
        pattern=r"\b(?:and|or|xor|having|where)\b[\s(+]*(?:not\s)?[\s(]*"
        r"(?:1\s*=\s*1|0\s*=\s*0|1\s*=\s*[02]|'1'\s*=\s*'1|'a'\s*=\s*'a|\"\"\s*=\s*\"|''\s*=\s*'"
        r"|'x'\s*=\s*'x|\"a\"\s*=\s*\"a|[\s(~!+-]*\d[\d\s()+*/.~-]*[=<>!]+[\s(~!+-]*\d)",
        weight=0.8,
        title="Logic that is always true or always false",
        in_text=0.25,
    ),
    Rule(
        id="sqli.quoted-logic",
        pattern=rf"[\"'`]\s*\)*{GAP}*(?:(?:or|and|xor|\|\||&&|having){GAP}*|(?:{GAP})(?:like|rlike|between|union|in|is|div){GAP})(?:not\s)?[\s(]*"
        r"(?:[\"'`]|true\b|false\b|\d+\s*(?:[=<>;)]|--|#|/\*|limit|like|union|and\b|or\b)|\(?\s*select\b|exists\b|null\b|if\s?\()",
        weight=0.5,
        title="A quote, then logic over a literal",
        in_text=0.3,
        check=breaks_out,
    ),
    Rule(
        id="sqli.quoted-operator",
        pattern=r"[\"'`]\s*(?:[-+*/%^|&<>=!~]\s*)+(?:[\w.(@$]*[-+*/%^|&<>=!~()\s]*)*[\"'`][\w\s+*/()-]*$",
        weight=0.4,
        title="An operator between a literal's end and the next one's start",
        in_text=0.2,
        check=breaks_out,
    ),
    Rule(
        id="sqli.comment-end",
        pattern=r"[\"'`)][\s)]*(?:;\s*|\b(?:or|and)\b.*)?(?:--[\s+-]*|#|/\*|;?\x00|;%00)(?:\w*)$",
        weight=0.55,
        title="A literal's end, then a comment to the end",
        in_text=0.3,
        check=breaks_out,
    ),
    Rule(
        id="sqli.stacked",
        pattern=rf"(?:[\"'`)\d]|^)\s*;{GAP}*(?:select\b.*(?:from|\(|@@|\d)|insert\s+into|update\s.+\sset\s"
        r"|delete\s+from|drop\s+(?:table|database|view|user|index|procedure|function|schema)|alter\s+(?:table|user|database|role)"
        r"|create\s+(?:table|user|or\s+replace|function|procedure|database|login)|exec(?:ute)?[\s(]|declare\s+@?\w|waitfor\s"
        r"|shutdown\b|truncate\s+table|grant\s+\w|copy\s+\w|begin\s+(?:dbms|declare)|if\s?\(|call\s+\w|do\s*\(|set\s+@|merge\s+into|vacuum\b|attach\s+database|load\s+data|replace\s+into)",
        weight=0.8,
        title="A second statement",
        in_text=0.4,
    ),
    Rule(
        id="sqli.delay",
        pattern=r"\b(?:sleep|pg_sleep(?:_for)?|dbms_(?:pipe\.receive_message|lock\.sleep)|dbms_session\.sleep|sys\.?sleep)\s*\("
        r"\s*[\w'\"(]|\bbenchmark\s*\(\s*[\d(]|\bwaitfor[\s(/*+]+(?:delay|time)\b"
        r"|\brandomblob\s*\(|\bgenerate_series\s*\(\s*1,\d{5}",
        weight=0.75,
        title="A call that makes the database wait",
        in_text=0.3,
    ),
    Rule(
        id="sqli.oracle",
        pattern=r"\b(?:extractvalue|updatexml)\s*\(.*(?:concat|0x|select|version|\d,)|\bexp\s*\(\s*~|\bprocedure\s+analyse\s*\("
        r"|\b(?:ctxsys\.drithsx\.sn|utl_inaddr\.get_host|utl_http\.request|dbms_utility\.sqlid_to_sqlhash|dbms_xmlgen|xmltype\s*\(|httpuritype\s*\(|dbms_ldap\.init|extractvalue\(xmltype)"
        r"|\b(?:make_set|elt)\s*\(\s*-?\d+\s*[=<>]|\brow\s*\(\s*\d+\s*,\s*\d+\s*\)\s*[<>]"
        r"|\bfloor\s*\(\s*rand\s*\(|\brepeat\s*\(.+,\s*\d{6}|\bregexp_substring\s*\(|\bcrypt_key\s*\("
        r"|\bgtid_subset\s*\(|\bjson_keys\s*\(\(?select|\bname_const\s*\(|\bst_latfromgeohash\s*\(|\bpolygon\s*\(\(?select|\bnvarchar\(4000\)"
        r"|\b(?:chr|char|nchar)\s*\(\s*\d+\s*\)\s*(?:\|\||\+|,)\s*n?(?:chr|char)\s*\(",
        weight=0.85,
        title="A call whose error or text tells what the database holds",
        in_text=0.5,
    ),
    Rule(
        id="sqli.catalogue",
        pattern=r"\binformation_schema\s*\.|\b(?:sys(?:objects|columns|users|databases|logins)|syscat\.|sysibm\.sysdummy1|sysmaster\b|msysaccessobjects|msysobjects|sqlite_(?:master|temp_master|schema)"
        r"|pg_(?:catalog\.|user\b|shadow\b|tables\b|database\b|class\b|ls_dir|read_file|sleep)|all_(?:tables|tab_columns|users)\b|user_(?:tables|tab_columns)\b|dba_users\b|v\$version|mysql\.(?:user|db|innodb)|rdb\$\w{3})",
        weight=0.5,
        title="The database's own catalogue",
        in_text=0.2,
    ),
    Rule(
        id="sqli.server-variable",
        pattern=r"@@(?:version|datadir|hostname|basedir|global|servername|language|spid|microsoftversion|identity)\b"
        r"|\b(?:current_user|session_user|system_user|user|database|schema|version|sqlite_version|current_database|last_insert_id)\s*\(\s*\)",
        weight=0.45,
        title="Asks the database for its version, user or name",
        in_text=0.2,
    ),
    Rule(
        id="sqli.subselect",
        pattern=r"\(\s*select\b(?:[\s(*'\"`@\d-]|/\*).*(?:\bfrom\b|\bcase\b|\)|0x|@@|--|#)",
        weight=0.55,
        title="A SELECT inside brackets",
        in_text=0.15,
    ),
    Rule(
        id="sqli.select-from",
        pattern=r"(?:^|[\"'`)=,;\d]\s*|\b(?:and|or|union|not|exists)[\s(]+)select[\s(*'\"`@/\d-]+.*\bfrom[\s(\"'`/]+[\w\"'`\[(]",
        weight=0.4,
        title="SELECT … FROM at the start of a value or after a literal's end",
        in_text=0.2,
    ),
    Rule(
        id="sqli.select-value",
        pattern=r"(?:^|[;\"'`)(]|\bunion\b.*)\s*select[\s(]+(?:null\b|@@\w|top\s*\(?\d|\d+\s*(?:,|$|--|#)|'|\"|(?:char|chr|concat|pg_sleep|sleep|load_file|version|user|count|case|if|hex|ascii|substr\w*|mid|cast|convert|group_concat|benchmark|length|name_const|sqlite_version|extractvalue|updatexml|ctxsys|utl_\w{3,8})[\s(])",
        weight=0.55,
        title="SELECT of a constant or a call",
        in_text=0.15,
    ),
    Rule(
        id="sqli.order-by-number",
        pattern=rf"(?:[\"'`)]|^-?\d+){GAP}*(?:order|group){GAP}+by{GAP}+(?:\d{{1,3}}\b|\(?null|if\(|\(?select|rand|sleep)",
        weight=0.7,
        title="ORDER BY a column's number",
        in_text=0.3,
    ),
    Rule(
        id="sqli.file",
        pattern=r"\bload_file\s*\(|\binto[\s+(/*]+(?:out|dump)file\b|\bload\s+data\s+(?:local\s+)?infile\b|\bbulk\s+insert\b|\bopen(?:rowset|datasource|query)\s*\(|\bpg_read_file\s*\(|\blo_(?:import|export)\s*\(|\bcopy\s+.+\s(?:from|to)\s+program\b",
        weight=0.8,
        title="Reads or writes files through the database",
        in_text=0.3,
    ),
    Rule(
        id="sqli.shell-procedure",
        pattern=r"\bxp_cmdshell\b|\bsp_(?:oa(?:create|method)|addsrvrolemember|addlogin|makewebtask)\b",
        weight=0.8,
        title="Runs commands through the database",
        in_text=0.65,
    ),
    Rule(
        id="sqli.xpath",
        pattern=r"[\"')]\s*\)?\]\s*\|\s*/|\b(?:or|and)\s+(?:name|position|count|string-length|substring)\s*\(\s*/{1,2}|[\"']\s*(?:or|and)\s+(?:contains|starts-with)\s*\(",
        weight=0.7,
        title="XPath that goes on after a literal",
        in_text=0.3,
    ),
    Rule(
        id="sqli.procedure",
        pattern=r"\b(?:xp_(?:cmdshell|reg\w{3,12}|dirtree|fileexist|loginconfig|enumerrorlogs|enumgroups|availablemedia|terminate_process|servicecontrol|makecab|ntsec_enumdomains)|sp_(?:executesql|execute|makewebtask|oacreate|oamethod|password|addextendedproc|addsrvrolemember|addlogin|helpdb|configure|who2?|start_job|send_dbmail|sqlexec|prepare))\b",
        weight=0.75,
        title="A stored procedure that reaches the system",
        in_text=0.3,
    ),
    Rule(
        id="sqli.conditional",
        pattern=r"\b(?:if|iif)\s*\(\s*[\w@('\"]+\s*(?:=|>|<|like)\s*.+,.*,|\bif\s*\(\s*\d+\s*=\s*\d+\s*\)\s*(?:select|waitfor|drop|exec|begin)\b|\bcase[\s(]+when\b.+\bthen\b.+(?:\bend\b|\belse\b)"
        r"|\b(?:ascii|ord|unicode|hex|length|char_length|bitand)\s*\(\s*(?:\(\s*select|substr|mid\(|lower\(|upper\(|database|user|@@|cast\()|\b(?:substr(?:ing)?|mid|left|right)\s*\(\s*(?:\(?\s*select|@@|database\(|user\(|version\(|password)",
        weight=0.6,
        title="Asks the database one bit at a time",
        in_text=0.15,
    ),
    Rule(
        id="sqli.concatenated",
        pattern=r"['\"]\s*(?:\|\||\+|&)\s*(?:\(\s*select|(?:chr|char|utl_\w+|pg_sleep|sleep|cast|convert|user|version|concat|dbms_\w+|@@)\b|'[^']*'\s*(?:\|\||\+)|\(|\d+\s*(?:\|\||\+)\s*')",
        weight=0.5,
        title="A literal's end, then its concatenation with a call",
        in_text=0.3,
        check=breaks_out,
    ),
    Rule(
        id="sqli.inline-comment",
        pattern=r"/\*!\d*\s*(?:union|select|or|and|all|from|where|and|insert|order|sleep|concat|\w{2,}\()|\b(?:un/\*\*?/ion|sel/\*\*?/ect|uni/\*|se/\*\*?/lect)|\b(?:union|select|and|or|where|from|exec|insert|order|all)(?:/\*.*\*/)+(?:union|select|all|\w+|['\"(\d])",
        weight=0.6,
        title="SQL words hidden by comments",
        in_text=0.85,
    ),
    Rule(
        id="sqli.bare-quote-end",
        pattern=r"^[\w @.-]*['\"][)\s]*(?:or|and|\|\||&&|having|group|order|union|limit|procedure|like|in|is|where|into)(?:[\s(/'\"+!@-]|$)",
        weight=0.45,
        title="A short value, a quote, then a word of SQL",
        in_text=0.2,
        check=breaks_out,
    ),
    Rule(
        id="sqli.open-call",
        pattern=r"^[\s\w.-]{0,16}[=\])?'\"&|!/,;]*\s*(?:ascii|benchmark|cast|ceil(?:ing)?|char|chr|coalesce|(?:un)?compress|sysdate|date|day|quarter|month|ln|in|execute|concat(?:_ws)?|convert|cos|count|crc32|current_user|database|db_name|decode|encode|exp|extractvalue|floor|from_base64|group_concat|hex|if|ifnull|isnull|json_\w+|last_insert_id|length|load_file|locate|lower|lpad|ltrim|make_set|max|md5|mid|min|mod|now|nvl|nullif|ord|pg_sleep|pi|pow(?:er)?|quote|rand|repeat|replace|reverse|round|row_count|rpad|rtrim|schema|sha1?|sin|sleep|sqrt|strcmp|substr(?:ing)?(?:_index)?|sum|to_base64|trim|truncate|unhex|updatexml|upper|user(?:_id|_name)?|uuid|values|version|xmltype)[\s=)/?|&!$'\]+.>*]*\(\s*$",
        weight=0.5,
        title="A value that ends where a database function's arguments would begin",
        in_text=0.2,
        only=("query", "body.form", "body.xml", "cookie"),
    ),
    Rule(
        id="sqli.cast",
        pattern=r"[\w)'\"\]]\s*::\s*(?:int[248]?|integer|text|bool(?:ean)?|jsonb?|numeric|bytea|varchar|regclass|xml)(?:\W|$)",
        weight=0.5,
        title="A cast of PostgreSQL",
        in_text=0.2,
    ),
    Rule(
        id="sqli.json-operator",
        pattern=r"[\]}]['\"]?\s*(?:::jsonb?)?\s*(?:@>|<@|@@|@\?|#>>?|->>?|\?[|&]?|<|>|\|\||=)\s*(?:/\*.*\*/\s*)?(?:['\"][\[{$\w]|array\s*\[)|\bjson_(?:extract|keys|length|type|contains(?:_path)?|value|query|search|overlaps|depth|valid|array_length|each|build_object)\b(?:/\*.*\*/|\s)*\(",
        weight=0.55,
        title="An operator or function of SQL over a JSON literal",
        in_text=0.3,
        only=("query", "body.form", "path", "cookie", "header"),
    ),
    Rule(
        id="sqli.alias-from",
        pattern=r"(?:[\"'`)]|\b\d+)\s+as\s+[\"'`]?\w+[\"'`]?\s+from\b|^[\"'`)]\s*as\s+[\"'`]?\w+[\"'`]?\s+from\b",
        weight=0.55,
        title="An alias, then FROM: the second half of a SELECT",
        in_text=0.2,
        only=("query", "body.form", "path", "cookie"),
    ),
    Rule(
        id="sqli.quoted-word",
        pattern=r"^[^'\"`]{0,64}['\"`][\s);]*(?:(?:select|union|alter|insert|delete|drop|create|desc|having|limit|procedure|merge|exec(?:ute)?|waitfor|shutdown|(?:not\s+)?(?:r?like|regexp|glob|between|in)|sounds\s+like|collate|is\s+(?:not\s+)?null|mod|div)[\s(/-].*(?:--|#|/\*|;|\bfrom\b|\(|$)|[-+%^&|<>=~*!]+\s*[\w.]+\s*(?:--|#|/\*))",
        weight=0.5,
        title="A literal's end, then a word or operator of SQL",
        in_text=0.2,
        only=("query", "body.form", "body.xml", "body.json.name", "path", "cookie", "header"),
        check=not_a_quotation,
    ),
    Rule(
        id="sqli.open-statement",
        pattern=r"^[^;\w]{0,3};\s*(?:select|drop|update|insert|delete|alter|create|declare|exec|set\s+@|truncate|grant|shutdown)\b[^;{}]{0,64}$|^[\w'\")]{1,16}\s*;\s*select\s+\*|^\s*(?:drop|truncate)\s+(?:table\s+)?\w+\s*;\s*--|\bdelete\s+from\s+\w+\s*;\s*--",
        weight=0.5,
        title="A semicolon, then the beginning of a statement",
        in_text=0.3,
        only=("query", "body.form", "body.xml", "path", "cookie", "header"),
    ),
    Rule(
        id="sqli.settings",
        pattern=r"\bcurrent_setting\s*\(|\bpg_(?:shadow|user|stat_activity|authid|roles)\b|\bsys\.(?:user\$|database_principals|sql_logins|syslogins)|\bsysibm\.(?:systables|sysdummy1|sysversions)|\bsyscat\.\w+|\bfrom\s+v\$\w+|\ball_tab_columns\b|\bbackup\s+database\s+\w+\s+to\s+disk|\bmysql\.(?:user|db)\b",
        weight=0.55,
        title="The database's own settings, accounts or catalogue",
        in_text=0.95,
        only=("query", "body.form", "body.json", "path", "cookie", "header"),
    ),
    Rule(
        id="sqli.half-clause",
        pattern=r"^[\s=)'\"`>]*(?:from\s+[`\"]?[\w.`\"]+\s+(?:where|group\s+by|order\s+by|limit)\b|case\b.{1,32}\bwhen\b.+\bthen\b|(?:order|group)\s+by\s*$|when\s+\w+\s+then\s*$|set\s+@\w+|declare\s+@\w+\s*$|exec(?:ute)?\s+master\b|except\s+(?:values|select)\b|(?:if|iif)\s*\(\s*\d+\s*=\s*$|(?:rlike|regexp|xor|sounds\s+like|like\s+null)\s*$|(?:not\s+)?in\s*\([^()]*\)\s*$|is\s+(?:not\s+)?null\s*$)",
        weight=0.5,
        title="A clause of SQL without the statement around it",
        in_text=0.2,
        only=("query", "body.form", "body.xml", "body.json.name", "cookie"),
    ),
    Rule(
        id="sqli.compared-numbers",
        pattern=r"^\s*['\"]?\d+['\"]?\s*(?:!=|<=>|<>|\bis\s+not\b|\bnot\s+(?:r?like|regexp|in|between)\b|\b(?:r?like|regexp|glob|xor|div|mod)\b)\s*\(?['\"]?\d+['\"]?\)?\s*(?:--.*|#.*)?$|\b\d\.e[.(]\w|\b\d\.\d{12,}e-3\d\d\b",
        weight=0.55,
        title="A comparison or number that only a database or parser would work out",
        in_text=0.3,
        only=("query", "body.form", "body.json", "cookie", "path"),
    ),
    Rule(
        id="sqli.schema-name",
        pattern=r"\binformation_schema\b|\bopenrowset\b|['\"](?:msdasql|sqloledb)['\"]|^schema_name$",
        weight=0.5,
        title="A name that only the database's catalogue has",
        in_text=0.2,
        only=("query", "body.form", "cookie"),
    ),
    Rule(
        id="sqli.logic-call",
        pattern=r"['\"`\\]\s*(?:and|or|xor|\|\||&&)\s*\(?\s*(?:not\s+)?\w+\s*\([^()]*\)[\s)]*(?:--|#|/\*|$)",
        weight=0.6,
        title="A literal's end, then logic over a call",
        in_text=0.3,
        check=breaks_out,
    ),
    Rule(
        id="sqli.comment-tail",
        pattern=r"(?:[^-]--|/\*)\s*$",
        # With libinjection's word that the rest is SQL it is an attack; alone it is punctuation.
        weight=0.35,
        title="A comment to the end of a short value",
        in_text=0.2,
        only=("query", "body.form", "body.json", "body.xml", "cookie"),
        check=short,
    ),
    Rule(
        id="sqli.word-operator",
        pattern=r"^\w{0,16}['\"`]\s*(?:(?:not\s+)?(?:rlike|regexp)|not\s+like|sounds\s+like)\s*['\"`]",
        weight=0.35,
        title="An operator in words between a literal's end and the next one's start",
        in_text=0.2,
        check=breaks_out,
    ),
    Rule(
        id="sqli.variable-argument",
        pattern=r"\w\s*\([^()]{0,32}@@[a-z]\w+\s*\)",
        weight=0.5,
        title="A call with a variable of the server",
        in_text=0.2,
    ),
    Rule(
        id="sqli.printed-quotes",
        pattern=r"[’‘′]\s*\)?\s*(?:or|and|xor|\|\||&&)\s*\(?\s*[’‘′'\w]{1,16}[’‘′']?\s*(?:=|like\b|<|>)\s*[’‘′'\w]",
        weight=0.6,
        title="Logic with quotes that a database may turn into plain ones",
        in_text=0.5,
        check=not_a_phrase,
    ),
    Rule(
        id="sqli.account",
        pattern=r"\bcreate\s+user\s+[\w'\"`@%.]+\s+identified\s+(?:by|with)\b|\bgrant\s+(?:connect|resource|dba|all(?:\s+privileges)?)\s+(?:on\s+\S+\s+)?to\s+\w|\bprepare\s+\w+\s+from\s+@\w",
        weight=0.55,
        title="Makes accounts, grants rights or runs a statement made of pieces",
        in_text=0.95,
        only=("query", "body.form", "body.json", "path", "cookie", "header"),
    ),
    Rule(
        id="sqli.leading-call",
        pattern=r"^[\s\"'`)]*(?:or|and|xor|\|\||&&)\s+(?:not\s+)?(?:is_?null|ifnull|nvl|coalesce|ascii|ord|char|substr(?:ing)?|mid|length|len|exists)\(",
        weight=0.5,
        title="A value that begins with logic over a database's function",
        in_text=0.3,
    ),
)

DETECTOR = Detector(
    class_="sqli",
    title="SQL injection",
    advice="Pass values as bound parameters, never as part of the statement; look in the application's and"
    " the database's logs for what this endpoint ran at that time.",
    severity="high",
    cwe=("CWE-89", "CWE-564"),
    capec=("CAPEC-66", "CAPEC-7", "CAPEC-108"),
    attack=("T1190",),
    owasp=("A03:2021", "API8:2023"),
    rules=RULES,
)
