"""Attacks on PHP: code, wrappers, serialised objects, and files uploaded to be run."""

from services.detect.rules import Detector, Rule

RULES = (
    Rule(
        id="php.open-tag",
        pattern=r"<\?(?:php|=|\s*(?:echo|system|eval|\$_|exec|include|print|phpinfo|passthru|@))[\s(\"'$;@]?|<script[^>]+language\s*=\s*[\"']?php|\[php\].*\[/php\]|<%=?\s*(?:eval|system|exec|php)",
        weight=0.7,
        title="An opening tag of PHP",
        in_text=0.3,
    ),
    Rule(
        id="php.variable",
        pattern=r"\$_(?:get|post|request|server|cookie|files|session|env)\s*[\[{]|\$globals\s*\[|\$\{\s*[\"']?_(?:get|post|request|cookie)|\bhttp_(?:get|post|cookie|raw_post)_\w{4,5}\b|\$\{@?(?:print|system|phpinfo|eval|exec|md5)\w*\(",
        weight=0.55,
        title="PHP's request variables",
        in_text=0.2,
    ),
    Rule(
        id="php.call",
        pattern=r"(?:^|[^\w.$>:-])(?:eval|assert|system|exec|shell_exec|passthru|popen|proc_open|pcntl_exec|phpinfo|base64_decode|gzinflate|str_rot13|create_function|call_user_func(?:_array)?|file_(?:get|put)_contents|readfile|show_source|highlight_file|move_uploaded_file|php_uname|unserialize|var_dump|print_r|fsockopen|posix_getpw\w+|array_map|preg_replace|die|md5|phpversion|curl_exec|getcwd|ini_get|ini_set|set_time_limit)(?:\s|/\*[^*]*\*/)*\(\s*(?:[\"'$@(\d)~]|[a-z_]+\s*\(|[a-z_]+\))",
        weight=0.55,
        title="A call of PHP that runs or reads",
        in_text=0.2,
    ),
    Rule(
        id="php.wrapper",
        pattern=r"(?:^|[=\s\"'(/:|,])(?:php://(?:input|filter|std(?:in|out|err)|output|memory|temp|fd)|phar://|zip://|expect://|compress\.(?:zlib|bzip2)://|glob://|zlib:|rar://|ogg://|ssh2\.\w{3,6}://|data:(?:text/plain|application/x-httpd-php|;base64|//text/plain)[;,])",
        weight=0.7,
        title="A stream wrapper of PHP",
        in_text=0.3,
    ),
    Rule(
        id="php.serialised",
        pattern=r"(?:^|[;{\"'=])[oc]:\+?\d+:\"[\w\\]+\":\+?\d+:\{",
        weight=0.7,
        title="A serialised PHP object",
        in_text=0.4,
    ),
    Rule(
        id="php.variable-call",
        pattern=r"\(\s*[\"'][\w.]+[\"']\s*\)\s*\(|\$\w*(?:\[[^\]]*\]+)+\s*\(|\$\{\s*[\"'][\w^]+[\"']|\$\w+\s*\(\s*\$_|\bconvert\.(?:iconv|base64-(?:de|en)code|quoted-printable)\b",
        weight=0.55,
        title="A call whose name PHP finds at run time",
        in_text=0.2,
    ),
    Rule(
        id="php.settings",
        pattern=r"(?:^|[-\s+?&])d?\s?(?:allow_url_(?:include|fopen)|auto_(?:prepend|append)_file|safe_mode|disable_functions|open_basedir|suhosin\.\w{3,}|cgi\.force_redirect|cgi\.redirect_status_env|extension_dir|mail\.add_x_header|sendmail_path)\s*=",
        weight=0.7,
        title="A setting of PHP given by the client",
        in_text=0.3,
    ),
    Rule(
        id="php.globals",
        pattern=r"^(?:_(?:get|post|request|cookie|files|server|session|env)|globals)\[",
        weight=0.6,
        title="A parameter that overwrites PHP's globals",
        only=("query.name", "body.form.name", "cookie.name", "body.part.name"),
    ),
    Rule(
        id="php.upload-name",
        pattern=r"\.\s*(?:php[\d]?|phtml|phar|pht|phps|inc|asp|aspx|ashx|asmx|cer|jspx?|jspf|jsw|cfm|cgi|pl|htaccess|user\.ini|shtml)(?:[.\s;:%\x00/]|\.(?:jpe?g|png|gif|txt))*$",
        weight=0.55,
        title="An uploaded file that a server would run",
        only=("body.file.name", "header.file.name"),
    ),
    Rule(
        id="php.web-shell",
        pattern=r"[/\\](?:c99|r57|b374k|wso\d{0,2}|c100|shell\d?|cmd|backdoor|weevely|alfa|indoxploit|antichat|mini|up|upl|filesman|adminer-shell|webshell|phpspy|leafmailer|marijuana|0byt3m1n1)(?:[-_.]\w*)?\.(?:php\d?|phtml|aspx?|jspx?)$",
        weight=0.5,
        title="The name of a known web shell",
        only=("path",),
    ),
    Rule(
        id="php.bare-call",
        pattern=r"(?:call_user_func(?:_array)?|gz(?:inflate|uncompress|decode)|str_rot13|shell_exec|proc_open|pcntl_\w+|posix_\w+|get_defined_(?:vars|functions|constants)|create_function|phpinfo|phpversion|php_uname|file_(?:get|put)_contents|move_uploaded_file|base64_decode|array_(?:map|filter|walk|diff|reduce|udiff)|ldap_\w+|zend_\w+|func_get_args|register_shutdown_function|getallheaders|session_id|current_user|highlight_file|show_source|error_reporting|unserialize|ini_(?:get|set)|passthru|bz(?:de)?compress|fsockopen|str(?:rev|_repeat|tr)|unpack|(?:pg|tidy|sodium|curl|zlib|openssl|imap|ssh2|stream|socket)_\w+)\s*=?\s*\(",
        weight=0.5,
        title="The name of a PHP function, called",
        in_text=0.2,
        only=("query", "body.form", "body.xml", "cookie", "header", "path"),
    ),
    Rule(
        id="php.broken-tag",
        pattern=r"<\?\s*php\b|<\?xml\s*:|<\?\s*(?:echo|system|passthru|eval)\b|\[[\\/]?php\]",
        weight=0.65,
        title="An opening tag of PHP, spelt for a lenient parser",
        in_text=0.3,
    ),
    Rule(
        id="php.named-call",
        pattern=r"@?\$[a-z_]\w*(?:\s|/\*[^*]*\*/|\[[^\]]*\]|\{[^}]*\})*\((?:[^)]*\)|$)|\(\s*(?:\[[\s+\[]*)?[\"']?\s*(?:system|exec|passthru|shell_exec|phpinfo|assert|eval|popen)[\s+]*[\"']?[\s+\]]*(?:\[[\s+\d]*\]|\{[^}]*\})?\)?\s*[\[{(]|\(\s*\w+\s*\)(?:\[\d+\])+\s*\(|\(\s*\+?string\+?\s*\)|[\"']\s*\.\s*[\"'][^\"']{1,8}[\"']\s*\.\s*[\"']",
        weight=0.5,
        title="A call through a variable or a string of PHP",
        in_text=0.2,
        only=("query", "body.form", "body.xml"),
    ),
    Rule(
        id="php.superglobal",
        pattern=r"\$_(?:get|post|request|server|cookie|files|session|env)\b|\$\s*\{\s*[\"']_\w",
        weight=0.55,
        title="PHP's request variables by name",
        in_text=0.2,
    ),
    Rule(
        id="php.setting-given",
        pattern=r"^\s*(?:session\.(?:\w+)|mbstring\.\w+|opcache\.\w+|smtp(?:_port)?|memory_limit|max_execution_time|upload_(?:tmp_dir|max_filesize)|post_max_size|error_log|log_errors|display_errors|include_path|user_agent|open_basedir|default_charset|variables_order|sys_temp_dir|zend\.\w+|assert\.\w+)\s*=\s*\S",
        weight=0.5,
        title="A setting of php.ini in a value",
        in_text=0.3,
        only=("query", "body.form", "body.xml"),
    ),
    Rule(
        id="php.session-file",
        pattern=r"(?:^|[/\\])sess_[\w,-]{16,}$",
        weight=0.55,
        title="An uploaded file named as PHP names its sessions",
        only=("body.file.name", "header.file.name"),
    ),
)

DETECTOR = Detector(
    class_="php",
    title="PHP injection",
    advice="Never include, evaluate or unserialise what a client sends; store uploads where the server runs"
    " nothing. Look for new files under the web root.",
    severity="critical",
    cwe=("CWE-94", "CWE-98", "CWE-502", "CWE-434"),
    capec=("CAPEC-242", "CAPEC-193", "CAPEC-586", "CAPEC-650"),
    attack=("T1190", "T1505.003"),
    owasp=("A03:2021", "A08:2021", "API8:2023"),
    rules=RULES,
)
