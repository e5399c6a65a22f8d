"""What has no class of its own: session fixation (fixation.py), logins passed by (known_exploits.py)."""

from services.detect.rules import Detector

DETECTOR = Detector(
    class_="other",
    title="Attack on a login or session",
    advice="Give a new session id at each login, and take session ids from cookies only. Where a known hole is named,"
    " update the product, and look for accounts and sessions that nobody asked for.",
    severity="low",
    cwe=("CWE-384", "CWE-287"),
    capec=("CAPEC-61", "CAPEC-115"),
    attack=("T1190",),
    owasp=("A07:2021", "API2:2023"),
    rules=(),
)
