"""What has no class of its own: session fixation, which services/detect/fixation.py finds."""

from services.detect.rules import Detector

DETECTOR = Detector(
    class_="other",
    title="Session fixation",
    advice="Give a new session id at each login, and take session ids from cookies only.",
    severity="low",
    cwe=("CWE-384",),
    capec=("CAPEC-61",),
    attack=("T1190",),
    owasp=("A07:2021", "API2:2023"),
    rules=(),
)
