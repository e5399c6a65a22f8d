"""Scanners: programs that say who they are, and paths that only they ask for."""

from services.detect.rules import Detector, Match, Rule

# Folders with a dot that sites serve: RFC 8615, and what builders of pages leave in place.
SERVED = (b".well-known/", b".vitepress/", b".vite/", b".netlify/", b".storybook/", b".vuepress/")


def hidden(match: Match) -> bool:
    """The folder is not one that is there to be asked for."""
    return not any(folder in match.point.value.lower() for folder in SERVED)


def says_who_it_is(match: Match) -> bool:
    """Tokens hold the names of programs that made them: Hydra is an identity provider, too."""
    return match.point.place == "header" and match.point.name != b"authorization"


RULES = (
    Rule(
        id="scanner.agent",
        pattern=r"\b(?:sqlmap|nikto|nessus|openvas|acunetix|netsparker|invicti|appscan|webinspect|w3af|arachni|skipfish|wpscan|joomscan|droopescan|dirbuster|gobuster|feroxbuster|ffuf|wfuzz|dirsearch|nuclei|masscan|zgrab|zmeu|morfeus|havij|pangolin|jbrofuzz|commix|xsser|xsstrike|dalfox|whatweb|wapiti|vega/|burpcollaborator|burp\s?suite|owasp.?zap|zaproxy|fimap|grendel-scan|grabber|metasploit|hydra|medusa|paros|webshag|websecurify|n-stealth|brutus|cgichk|bsqlbf|sqlninja|bbqsql|mysqloit|uil2pn|webtrends security|black widow|blackwidow|core-project|nmap scripting engine|dotdotpwn|httprint|golismero|jaeles|cariddi|kiterunner|gotestwaf|floodgate|f-secure radar|internet ninja|prog\.customcrawler|detectify|qualys was|tplmap|jorgee|sysscan|gobbler|dirb(?:uster)?\b|\(hydra\)|fuzz faster u fool|l9explore|project discovery|interactsh)\b",
        weight=0.7,
        title="A scanner that says its name",
        in_text=1.0,
        only=("header",),
        check=says_who_it_is,
    ),
    Rule(
        id="scanner.header",
        pattern=r"^(?:x-scanner|x-wipp|x-ratproxy-loop|acunetix-(?:product|scanning-agreement|user-agreement)|x-scan-memo|x-request-memo|x-requestmanager-memo|x-atscan\w*|x-nikto\w*)$|^(?:acunetix|netsparker|nessus|appscan|webinspect|burp)[\w-]*$",
        weight=0.7,
        title="A header that only a scanner sends",
        only=("header.name",),
    ),
    Rule(
        id="scanner.version-control",
        pattern=r"(?:^|/)\.(?:git|svn|hg|bzr|cvs)(?:/(?:config|head|index|entries|logs|refs|objects|hooks|info|description|wc\.db|store|all-wcprops|fetch_head|orig_head|packed-refs|commit_editmsg|gitignore)?(?:/|$)|$)",
        weight=0.6,
        title="Asks for a version control folder",
        only=("path",),
    ),
    Rule(
        id="scanner.secret-file",
        pattern=r"(?:^|/)(?:\.env(?:\.\w+)?|\.aws/\w+|\.ssh/\w+|\.htpasswd|\.htaccess|\.ds_store|\.npmrc|\.bash_history|\.dockerenv|\.vscode/sftp\.json|id_rsa|wp-config\.php[.~\w-]*|(?:backup|dump|database|db|site|www)(?:\.sql)?\.(?:sql|zip|gz|tar\.gz|tgz|rar|7z|bak)|(?:wp-content|logs?)/(?:errors?|debug|access)\.log|\.aiignore|\.aiexclude|web\.config(?:\.\w{2,4})?|server-status|phpinfo\.php|info\.php|test\.php|adminer(?:-[\d.]+)?\.php|composer\.(?:json|lock)|docker-compose\.ya?ml|config\.(?:json|ya?ml|php|inc)(?:\.bak|~|\.old)|credentials(?:\.json)?|firebase\.json|actuator/(?:env|heapdump|gateway|jolokia|logfile|mappings|threaddump|beans))$",
        weight=0.55,
        title="Asks for a file that holds secrets",
        only=("path",),
    ),
    Rule(
        id="scanner.probe-path",
        pattern=r"(?:^|/)(?:cgi-bin/(?:test|php|printenv|test-cgi|phf|awstats|status|bash|admin|luci|jarrewrite|\.%?2e)[\w.-]*|boaform/admin|gponform|hnap1|setup\.cgi|shell\?|manager/(?:html|status|text)|jmx-console|invoker/jmxinvokerservlet|solr/admin|struts2?-showcase|vendor/phpunit/|phpmyadmin/scripts/setup\.php|wls-wsat|_ignition/execute-solution|owa/auth/x\.js|vpnsvc|mgmt/tm/util/bash|api/jsonws/invoke|console/images|w00tw00t[\w.:-]*|muieblackcat|nice%20ports|trinity\.txt\.bak|x?mlrpc\.php\?rsd)",
        weight=0.55,
        title="A path that only scanners and worms ask for",
        only=("path",),
    ),
    Rule(
        id="scanner.probe-value",
        pattern=r"\b(?:nessus|acunetix|netsparker|appscan|burpcollaborator|w00tw00t|sqlmap|nikto|wvstest|acux?\d{4}|hitag|rapid7|qualys)[\w.-]*\b",
        weight=0.45,
        title="A value that only a scanner sends",
        in_text=0.1,
        only=("query", "path", "cookie"),
    ),
    Rule(
        id="scanner.assistant-folder",
        pattern=r"(?:^|/)\.[a-z][\w-]+/(?:[\w.-]+/)*[\w.-]+\.(?:json|ya?ml|toml|md|env|xml|tfstate|mdc?)$|(?:^|/)\.[a-z][\w-]+/config(?:\.json)?$",
        weight=0.55,
        title="Asks for the settings of a developer's tool",
        check=hidden,
        only=("path",),
    ),
)

DETECTOR = Detector(
    class_="scanner",
    title="Scanner",
    advice="Nothing is broken by this alone. See what else this client sent, and whether the paths it found exist.",
    severity="low",
    cwe=("CWE-200",),
    capec=("CAPEC-169", "CAPEC-224", "CAPEC-310"),
    attack=("T1595.002", "T1595.003"),
    owasp=("A05:2021",),
    rules=RULES,
)
