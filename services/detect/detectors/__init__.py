"""Every detector, one class of attack a file."""

from services.detect.detectors import (
    crlf,
    graphql,
    java,
    ldapi,
    lfi,
    mail,
    nodejs,
    nosqli,
    other,
    php,
    protocol,
    rce,
    redirect,
    rfi,
    scanner,
    shellshock,
    sqli,
    ssrf,
    ssti,
    xss,
    xxe,
)
from services.detect.rules import Detector, Rule

DETECTORS: tuple[Detector, ...] = tuple(
    module.DETECTOR
    for module in (
        sqli, xss, lfi, rce, java, scanner, php, nodejs, nosqli, ldapi, ssti, ssrf, xxe, crlf, mail,
        rfi, redirect, shellshock, graphql, other, protocol,
    )
)  # fmt: skip
BY_CLASS = {detector.class_: detector for detector in DETECTORS}


def class_of(rule: Rule) -> str:
    """The class that a rule speaks for: its id begins with it."""
    return rule.id.partition(".")[0]
