"""Cross-site scripting: what must fire, and what must not."""

from services.detect.detectors.xss import DETECTOR
from tests.unit.detect.detectors.cases import (
    check_attacks,
    check_fires,
    check_silent,
    query,
)

FIRES = {
    "xss.script-element": [
        (query, "<script>go()</script>"),
        (query, "<ScRiPt src=//x.example/a.js>"),
    ],
    "xss.broken-script-element": [(query, "<scr\x00ipt>alert(1)")],
    "xss.handler-in-tag": [(query, "<img src=x onerror=go()>"), (query, "<body/onload=x>")],
    "xss.handler-in-attribute": [(query, '" autofocus onfocus=go(1) x="')],
    "xss.bare-handler": [(query, "x onmouseover=alert(7)")],
    "xss.script-url": [(query, "javascript:go(1)"), (query, "java\tscript:alert(1)")],
    "xss.data-url": [(query, "data:text/html;base64,PHNjcmlwdD5nbygpPC9zY3JpcHQ+")],
    "xss.html-data-url": [(query, "data:text/html,<b>")],
    "xss.active-element": [
        (query, "<embed src=//x.example/a.swf>"),
        (query, "<iframe srcdoc='<b>'>"),
    ],
    "xss.dangling-element": [(query, '"><u>'), (query, "</textarea><b")],
    "xss.svg-math": [(query, "<svg onload=go()>")],
    "xss.style": [(query, '<b style="width:expression(go())">')],
    "xss.call": [(query, "';alert(7)//"), (query, "confirm`9`")],
    "xss.string-end-call": [(query, "';fetch('//x.example')")],
    "xss.page-secret": [(query, "document.cookie")],
    "xss.foreign-element": [(query, "<svg>"), (query, "<link href=//x.example/a.css>")],
    "xss.passed-call": [(query, "[9].map(x), [1],alert"), (query, "with(document)alert(1)")],
    "xss.cookie": [(query, "window.location='//x.example'"), (query, "localStorage.getItem")],
    "xss.obfuscated": [(query, "eval(String.fromCharCode(103,111))")],
    "xss.template": [(query, "{{constructor.constructor('go()')()}}")],
    "xss.split-tag": [(query, "<a href=jav&#x09;ascript:go()>")],
    "xss.comment-trick": [(query, "<!--[if IE]>")],
    "xss.jsfuck": [
        (query, "(![]+[])[+[]]"),
    ],
    "xss.method-call": [
        (query, "[].sort.call`x`"),
        (query, "Reflect.apply.call``"),
    ],
    "xss.unknown-handler": [
        (query, '" onfoobar=x'),
    ],
    "xss.vector-markup": [
        (query, '<v:vmlframe src="x">'),
        (query, "<x: script"),
    ],
    "xss.bare-entity": [
        (query, "&#x3c;"),
        (query, "&#0060"),
    ],
    "xss.utf-7": [
        (query, "+ADw-script+AD4-"),
    ],
    "xss.spread-tag": [
        (query, "<f o r m"),
        (query, 'p.innerText="x"'),
    ],
    "xss.lone-call": [
        (query, "setTimeout(run, 9)"),
    ],
    "xss.style-ends": [
        (query, '<b style="top:a{b;left:c">'),
        (query, "<p style='color\\3aurl(x)'>"),
    ],
    "xss.imported-style": [
        (query, "<style>p{}@import 'x.css'</style>"),
        (query, '<import implementation="#x">'),
    ],
    "xss.closing-chain": [(query, "</title/</script>")],
    "xss.renamed-call": [
        (query, "z=prompt;z(4)"),
        (query, "q=/ale/ .source"),
        (query, "b.innerHTML=name"),
    ],
}

ATTACKS = [
    (query, "<script>alert(document.domain)</script>"),
    (query, "%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E"),
    (query, "&lt;script&gt;alert(1)&lt;/script&gt;"),
    (query, "\\u003cscript\\u003ealert(1)\\u003c/script\\u003e"),
]

SILENT = [
    (query, '<p style="color: red; width: 50%">text</p>'),
    (query, '<i style="width: {{width}}px">'),
    (query, "<title>Styles</title><style>p { top: 0 }</style>"),
    (query, "title = confirm your order"),
    (query, "see /docs/ .source files"),
    (query, "<p>Hello <b>world</b></p>"),
    (query, "x < 6 and y > 4"),
    (query, "I <3 this shop"),
    (query, '<a href="https://shop.example/">our shop</a>'),
    (query, "once = twice, only = ever"),
    (query, '<img src="/media/cat.png" alt="a cat">'),
    (query, "Script: Act I, Scene 2"),
    (query, "please alert (or notify) me"),
    (query, "function of the heart"),
    (query, "on sale = yes"),
    (query, "< 5 and > 3"),
    (query, "on sale = yes"),
    (query, "a &tab; b"),
    (query, "reflect on this"),
]


def test_every_rule_fires_on_its_cases() -> None:
    assert sum(len(cases) for cases in FIRES.values()) == 51
    check_fires(DETECTOR, FIRES)


def test_whole_attacks_are_called_so() -> None:
    check_attacks(DETECTOR, ATTACKS)


def test_look_alikes_are_silent() -> None:
    check_silent(SILENT)
