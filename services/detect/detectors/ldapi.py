"""LDAP injection: values that close a filter and open another."""

from services.detect.rules import Detector, Rule

RULES = (
    Rule(
        id="ldapi.filter-break",
        pattern=r"\)\s*\(\s*[|&!]|\)\s*[|&!]\s*\(\s*\w+\s*[~<>:]?=|\*\s*\)\s*\(|\)\s*\(\s*[\w-]+\s*[~<>]?=|\*\s*\)\s*\)\s*(?:%00|\x00|\(|$)|\(\s*[|&]\s*\(\s*!?\(?\s*[\w-]+\s*[~<>:]{0,2}=|^\*\)\(?|^\*[|&(]",
        weight=0.6,
        title="Closes an LDAP filter and opens another",
        in_text=0.2,
    ),
    Rule(
        id="ldapi.attribute",
        pattern=r"\(\s*(?:objectclass|uid|cn|sn|ou|dc|mail|userpassword|samaccountname|memberof|givenname|homedirectory|objectcategory|useraccountcontrol)\s*[~<>:\d.]*=\s*[\w*@.=,-]*\s*\)|\b(?:objectclass|userpassword|samaccountname|useraccountcontrol)\s*=\s*\*",
        weight=0.55,
        title="A filter on an LDAP attribute",
        in_text=0.2,
    ),
)

DETECTOR = Detector(
    class_="ldapi",
    title="LDAP injection",
    advice="Escape values by RFC 4515 before they enter a filter.",
    severity="high",
    cwe=("CWE-90",),
    capec=("CAPEC-136",),
    attack=("T1190",),
    owasp=("A03:2021", "API8:2023"),
    rules=RULES,
)
