"""Stack traces and the words of exceptions."""

import pytest

from tests.unit.detect.responses.cases import PROSE, classes, exchange

PYTHON = 'Traceback (most recent call last):\n  File "/srv/app/views.py", line 12, in get\n    x = 1 / 0\nZeroDivisionError: division by zero'
JAVA = "java.lang.NullPointerException: null\n\tat com.shop.orders.OrderService.find(OrderService.java:41)\n\tat com.shop.Main.main(Main.java:7)"
NODE = "TypeError: x is undefined\n    at get (/srv/app/routes/items.js:14:9)\n    at Layer.handle (/srv/app/node_modules/express/lib/router/layer.js:95:5)"
DOTNET = "System.NullReferenceException: Object reference\n   at Shop.Orders.Get(Int32 id) in C:\\src\\Shop\\Orders.cs:line 41"

SAID = {
    "Python": ("text", 500, PYTHON),
    "Python in JSON": ("json", 500, '{"trace": "' + PYTHON.replace("\n", "\\n").replace('"', '\\"') + '"}'),
    "Java": ("text", 500, JAVA),
    "Java in a page of Tomcat": ("html", 500, f"<h1>HTTP Status 500</h1><p>Message</p><pre>{JAVA}</pre>"),
    "Java in JSON of Spring": ("json", 200, '{"status":500,"trace":"' + JAVA.replace("\n", "\\n").replace("\t", "\\t") + '"}'),
    "Node.js": ("html", 500, "<pre>" + NODE.replace("\n", "<br>").replace("    at", " &nbsp; &nbsp;at") + "</pre>"),
    "Node.js as text": ("text", 500, NODE),
    ".NET": ("text", 500, DOTNET),
    "PHP in a page": ("html", 200, "<div><br />\n<b>Fatal error</b>:  Uncaught Error: Call to undefined function in <b>/var/www/shop/a.php</b> on line <b>12</b><br /></div>"),
    "PHP as text": ("text", 200, "Parse error: syntax error, unexpected end of file in /var/www/html/index.php on line 9"),
    "Ruby": ("html", 500, "<pre>app/models/order.rb: /srv/app/models/order.rb:12:in `find'</pre>"),
    "Go": ("text", 500, "panic: runtime error: index out of range [3] with length 3\n\ngoroutine 1 [running]:"),
    "Rust": ("text", 500, "thread 'main' panicked at src/main.rs:4:5"),
    "Perl": ("text", 500, "Can't locate object method at /srv/cgi/items.pl line 44."),
    "ASP": ("html", 500, "<font>Microsoft VBScript runtime error '800a000d'</font>"),
    "an exception's name": ("text", 400, "com.fasterxml.jackson.databind.JsonMappingException: No content to map"),
}  # fmt: skip
QUOTED = {
    "a tutorial of Python": ("html", 200, f"{PROSE}<pre>{PYTHON}</pre>{PROSE}"),
    "a tutorial of Java": ("html", 200, f"{PROSE}<pre><code>{JAVA}</code></pre>{PROSE}"),
    "documentation with a short page": ("html", 200, f"<h1>Errors</h1><pre>{PYTHON}</pre>"),
    "a ticket in JSON": ("json", 200, '{"ticket":{"body":"' + JAVA.replace("\n", "\\n").replace("\t", "\\t") + '"}}'),
    "a paste": ("html", 200, f"<textarea>{NODE}</textarea>"),
    "an issue as Markdown": ("text", 200, "# How to see this\n" + "This is what you will have when you run it, and it should be for you to know. " * 12 + "```\n" + PYTHON + "\n```"),
    "a changelog": ("html", 200, f"{PROSE}<ul><li>mends java.lang.NullPointerException: null</li></ul>{PROSE}"),
    "a script that handles them": ("script", 200, "if (/Traceback \\(most recent call last\\):/.test(t)) fold(t); // " + PYTHON),
    "a warning that is no PHP": ("html", 200, "<b>Warning</b>: contents are hot, handle with care in <b>winter</b>"),
    "a notice on a line": ("text", 200, "Notice: trains in Brighton on line 4 are late"),
    "an error for people": ("json", 400, '{"error":"ValidationError","message":"name is required"}'),
    "a path of a script in text": ("html", 200, "<p>Edit /srv/app/models/order.rb and restart</p>"),
    "a log that is downloaded": ("text", 200, "GET / 200\n" * 300 + PYTHON),
    "an exception in a heading": ("html", 200, "<h2>java.lang.NullPointerException: what it means</h2>"),
}  # fmt: skip


@pytest.mark.parametrize("name", SAID)
def test_said(name: str) -> None:
    kind, status, body = SAID[name]
    assert classes(exchange(body, kind=kind, status=status)) == ["stack_trace"]


@pytest.mark.parametrize("name", QUOTED)
def test_quoted(name: str) -> None:
    kind, status, body = QUOTED[name]
    assert classes(exchange(body, kind=kind, status=status)) == []
