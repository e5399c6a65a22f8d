"""Template injection: expressions that a server's template engine would work out."""

from services.detect.rules import Detector, Rule

RULES = (
    Rule(
        id="ssti.arithmetic",
        pattern=r"(?:\{\{|\{%|\$\{|#\{|<%=?|\*\{|@\(|\{\{=|\[\[|~\{|\{@|\{)\s*[\"']?\d+[\"']?\s*[*+/-]\s*[\"']?\d+[\"']?\s*(?:\}\}|%\}|\}|%>|\)|\]\])",
        weight=0.8,
        title="A template's expression that is a sum to be worked out",
        in_text=0.4,
    ),
    Rule(
        id="ssti.python",
        pattern=r"__(?:class|mro|subclasses|globals|builtins|import|base|bases|getattribute|self|reduce|code)__|\{\{.*(?:\bconfig\b(?:\.|\}|\[|\s)|\bself\.|\brequest\.|\bcycler\.|\bjoiner\.|\blipsum\b|\bnamespace\.|\burl_for\b|get_flashed_messages|\.popen\(|\bsettings\.|\bdump\(|\bapp\.request|_self\b|\|attr\(|\|map\(|\[['\"]\w)",
        weight=0.65,
        title="Reaches Python's objects from a template",
        in_text=0.25,
    ),
    Rule(
        id="ssti.engine",
        pattern=r"<#assign\b|freemarker\.template|\?new\(\)|<@?[\w.]*\s?value=\$|#set\s*\(\s*\$\w|\$class\.inspect|\{php\}|\{literal\}\{if|\{system\(|\{\$smarty\b|\{(?:if|include|assign|fetch|eval)\s[^}]*(?:system|passthru|php|exec|file)|#include\s*\(|\{%\s*(?:import|debug|load|include|set|for|if|extends|macro|raw)\b[^%]*(?:__|\.popen|system|config|os\b|request|debug)|\{\{\s*['\"]?(?:['\"]\w*['\"]\s*(?:\.|\||\*|\[|~)|\[['\"])|<%=?\s*(?:system|`|file\.|dir\.|io\.|exec|open|eval|\d|global|self|class|session|request|response)|=\s*global\.process|\$\{.*(?:\.getclass|\.class\.|new\s)|\{\{\s*\w*\.?constructor|\{\{this|#\{(?:`|system|exec|\w+\.exec|%x)|@\{[\w.]+\(|\{\{\s*(?:_self|app|dump|env|\$\w|range|phpinfo)\b|\{\{#with|__\$\{|<%=?\s*if\s",
        weight=0.6,
        title="A directive of a template engine",
        in_text=0.25,
    ),
    Rule(
        id="ssti.probe",
        pattern=r"\{\{\s*\d+\s*\|\s*add:|\{\{\.\}\}.*\{\{\.\.\}\}|\$\{\{<%\[%'\"\}\}%\\|\{\{\s*['\"]?\d+['\"]?\s*\}\}\w|\$\{\{\d|#\{\d+\s*[*+]",
        weight=0.7,
        title="A probe that makes any template engine fail",
    ),
)

DETECTOR = Detector(
    class_="ssti",
    title="Template injection",
    advice="Give values to templates as data and never build a template from what a client sends.",
    severity="critical",
    cwe=("CWE-1336", "CWE-94"),
    capec=("CAPEC-242",),
    attack=("T1190",),
    owasp=("A03:2021", "API8:2023"),
    rules=RULES,
)
