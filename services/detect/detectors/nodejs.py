"""Attacks on Node.js: code for eval, polluted prototypes, serialised functions."""

from services.detect.rules import Detector, Rule

RULES = (
    Rule(
        id="nodejs.require",
        pattern=r"\brequire\s*\(\s*[\"'`](?:child_process|fs|os|net|http|https|vm|util|path|cluster|dgram|process|node:\w{2,})\b|\bmainmodule\b|\bprocess\s*(?:\.|\[[\"'`])\s*(?:binding|mainmodule|env|exit|kill|spawn|_load|cwd|platform|version|getuid|argv|title)\b|\bmodule\.constructor\b|\bglobal\.process\b|\bthis\.constructor\.constructor",
        weight=0.65,
        title="Reaches Node's modules or process",
        in_text=0.2,
    ),
    Rule(
        id="nodejs.run",
        pattern=r"\b(?:child_process|execsync|spawnsync|execfile(?:sync)?|fork)\b\s*[.)(]|\b(?:readfilesync|readdirsync|writefilesync|createreadstream|fs\.read\w{3,12}|fs\.write\w{3,12})\s*\(|\bres\.(?:end|send|write)\s*\(|\bnew\s+function\s*\(\s*[\"'`]|\bvm\.runin\w{3,}\(",
        weight=0.55,
        title="Runs commands or reads files in Node",
        in_text=0.2,
    ),
    Rule(
        # The marks by which node-serialize, funcster and js-yaml know functions in what they read.
        id="nodejs.function",
        pattern=r"_\$\$nd_func\$\$_|\"__js_function\"|^__js_function$|!!js/(?:function|regexp|undefined)\b|\bconsole\s*[\[.]\s*[\"'`]?(?:info|log|debug|error)[\"'`]?\]?\s*\(|\b(?:process|require)\s*\[\s*\w+[.\]]|\$\d+:\w*:?(?:__proto__|prototype|constructor)|\bwhile\s*\(\s*(?:infinity|new\s+date)\b|\bfunction\s*\(\s*\)\s*\{.*(?:return|while|for|var|require|process|this)[^}]*\}\s*\(?\s*\)|\bwhile\s*\(\s*(?:true\b|1\s*\)|[!+-]|string\b|\[\])|\bfunction\b\s*\(\s*\)\s*\{\s*(?:return|require|while)",
        weight=0.5,
        title="A function that runs when it is read",
        in_text=0.2,
    ),
    Rule(
        id="nodejs.prototype",
        pattern=r"(?:^|[.\[\"'&])__proto__(?:[.\]\[\"'=:]|$)|\bconstructor\s*(?:\.|\]?\[[\"']?)\s*prototype\b",
        weight=0.7,
        title="Pollutes the prototype of all objects",
        in_text=0.3,
    ),
)

DETECTOR = Detector(
    class_="nodejs",
    title="Node.js injection",
    advice="Do not evaluate or deserialise what clients send; drop the keys __proto__, constructor and prototype"
    " when merging objects.",
    severity="critical",
    cwe=("CWE-94", "CWE-1321", "CWE-502"),
    capec=("CAPEC-242", "CAPEC-586"),
    attack=("T1190", "T1059.007"),
    owasp=("A03:2021", "A08:2021", "API8:2023"),
    rules=RULES,
)
