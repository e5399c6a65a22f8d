"""Shellshock: a function of bash in an environment variable (CVE-2014-6271)."""

from services.detect.rules import Detector, Rule

RULES = (
    Rule(
        id="shellshock.function",
        pattern=r"\(\s*\)\s*\{\s*(?::|\w+\s*[;:>]|[^}]*=>|;|_)[^}]*;?\s*\}?\s*[;>]|^\(\s*\)\s*\{(?:[^}]*;|\s*$)",
        weight=0.85,
        title="A bash function with commands after it",
        in_text=0.3,
    ),
)

DETECTOR = Detector(
    class_="shellshock",
    title="Shellshock",
    advice="Update bash; do not run CGI through a shell.",
    severity="critical",
    cwe=("CWE-78",),
    capec=("CAPEC-88",),
    attack=("T1190", "T1059.004"),
    owasp=("A03:2021", "A06:2021"),
    rules=RULES,
)
