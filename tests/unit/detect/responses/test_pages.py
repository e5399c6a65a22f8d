"""Pages for developers, lists of files and web shells: the thing itself, and texts about it."""

import pytest

from tests.unit.detect.responses.cases import PROSE, classes, exchange

DEBUG = {
    "phpinfo": ("html", "<title>PHP 8.1.2 - phpinfo()</title><h1 class=\"p\">PHP Version 8.1.2</h1>"),
    "phpinfo of old": ("html", "<title>phpinfo()</title><table>"),
    "Django": ("html", "<p>You're seeing this error because you have <code>DEBUG = True</code> in your settings</p>"),
    "Werkzeug": ("html", "<title>KeyError: 'x' // Werkzeug Debugger</title><script>var EVALEX = true, </script>"),
    "Ignition": ("html", "<script>window.ignite({report: 1})</script>"),
    "Whoops": ("html", '<div class="Whoops container"><h1>Error</h1>'),
    "Symfony": ("html", '<title>Symfony Profiler</title>'),
    "Rails": ("html", "<title>Action Controller: Exception caught</title>"),
    "ASP.NET's trace": ("html", "<title>Application Trace</title>"),
    "actuator": ("json", '{"_links":{"self":{"href":"http://shop.example/actuator","templated":false}}}'),
    "actuator's environment": ("json", '{"activeProfiles":["prod"],"propertySources":[{"name":"x"}]}'),
    "Apache's status": ("html", "<title>Apache Status</title><h1>Apache Server Status for shop</h1>"),
    "nginx' counters": ("text", "Active connections: 3 \nserver accepts handled requests\n 9 9 12 \n"),
    "pprof": ("html", "<html><head><title>/debug/pprof/</title>"),
}  # fmt: skip
NO_DEBUG = {
    "an article on phpinfo": ("html", f"<title>What phpinfo() tells</title>{PROSE}"),
    "an article that shows its markup": ("html", f"{PROSE}<pre>&lt;title&gt;phpinfo()&lt;/title&gt;</pre>"),
    "an article on Django": ("html", f"{PROSE}<p>Set <code>DEBUG = False</code> in production.</p>"),
    "a package's page": ("html", "<title>Werkzeug - Documentation</title><h1>Debugging Applications</h1>"),
    "Ignition in a list": ("html", "<li>spatie/laravel-ignition</li>"),
    "a firm named so": ("html", "<title>Whoops Cycling</title><h1>Whoops!</h1>"),
    "Symfony in a footer": ("html", "<footer>Made with Symfony</footer>"),
    "an application's own links": ("json", '{"_links":{"self":{"href":"http://shop.example/orders/1"}}}'),
    "a profile of a user": ("json", '{"activeProfiles":["standard"]}'),
    "a status page for users": ("html", "<title>Status</title><p>All systems work</p>"),
    "counters in a sentence": ("text", "There are 3 active connections: 1, 2 and 3."),
    "a trace of a parcel": ("html", "<title>Trace your parcel</title>"),
}  # fmt: skip
LISTED = {
    "Apache": "<html><head><title>Index of /backup</title></head><body><h1>Index of /backup</h1><table>",
    "nginx": '<html><head><title>Index of /files/</title></head><body><h1>Index of /files/</h1><hr><pre><a href="../">../</a>',
    "the top folder": "<title>Index of /</title><h1>Index of /</h1>",
    "IIS": '<pre><A HREF="/">[To Parent Directory]</A><br>',
    "Python": "<title>Directory listing for /</title></head><body><h1>Directory listing for /</h1>",
    "Python 2": "<title>Directory listing for /a/</title>\n<body>\n<h2>Directory listing for /a/</h2>",
    "Tomcat": "<title>Directory Listing For [/docs/]</title>",
    "Tomcat of old": "<title>Directory Listing For /docs/</title>",
    "Jetty": '<title>Directory: /static/</title><h1>Directory: /static/</h1><table class="listing">',
    "lighttpd": '<title>Index of /pub/</title><h2>Index of /pub/</h2><div class="list">',
}
UNLISTED = {
    "an index of a book": "<title>Index of terms</title><h1>Index of terms</h1>",
    "an article": f"<title>Index of / and how to switch it off</title>{PROSE}<h1>Index of /</h1>",
    "a search for them": "<title>Search</title><li>Index of /movies</li>",
    "code that shows one": "<pre>&lt;title&gt;Index of /&lt;/title&gt;&lt;h1&gt;Index of /</pre>",
    "an index of shares": "<title>Index of / prices</title><p>up</p>",
    "a directory of people": "<title>Directory</title><h1>Directory of staff</h1>",
    "a business directory": "<title>Directory listing</title><p>Plumbers</p>",
    "the parent folder in an application": '<a href="/f/1">Parent folder</a>',
    "a heading alone": "<h1>Index of /</h1>",
    "a title alone": "<title>Index of /a</title>",
}
SHELLS = {
    "WSO": "<title>shop.example - WSO 2.5</title>",
    "c99": "<title>c99shell v. 1.0</title>",
    "r57": "<title>r57shell</title>",
    "b374k": "<title>b374k 3.2</title>",
    "p0wny": "<title>p0wny@shell:~#</title>",
    "IndoXploit": "<title>IndoXploit</title>",
    "ALFA": "<title>ALFA TEaM Shell - v4</title>",
    "AspxSpy": "<title>AspxSpy2014Final</title>",
    "PhpSpy": "<title>phpspy 2014</title>",
    "FilesMan": '<form><input type=hidden name=a value="FilesMan"></form>',
    "a form with its output": "<form><input name='cmd' size=50><input type=submit value='Execute'></form><pre>uid=33(www-data)",
}
NO_SHELLS = {
    "an article on c99": f"<title>c99shell: how to find and remove it</title>{PROSE}",
    "an article on WSO": f"<title>What WSO 2 leaves behind</title>{PROSE}",
    "WSO2, the firm": "<title>WSO2 API Manager</title>",
    "a shop for shells": "<title>Sea shells and more</title>",
    "source that is shown": "<pre>&lt;title&gt;r57shell&lt;/title&gt;</pre>",
    "source in a text area": "<textarea><title>b374k 3.2</title></textarea>",
    "a console of an application": "<form><input name='command'><input type=submit value='Run'></form>",
    "a petrol station": "<title>Shell near you</title>",
    "the C99 standard": "<title>C99 - the standard</title>",
    "a mini shell of bread": "<title>Mini taco shells</title>",
}


@pytest.mark.parametrize("name", DEBUG)
def test_debug_page(name: str) -> None:
    kind, body = DEBUG[name]
    assert classes(exchange(body, kind=kind)) == ["debug_page"]


@pytest.mark.parametrize("name", NO_DEBUG)
def test_no_debug_page(name: str) -> None:
    kind, body = NO_DEBUG[name]
    assert classes(exchange(body, kind=kind)) == []


@pytest.mark.parametrize("name", LISTED)
def test_listed(name: str) -> None:
    assert classes(exchange(LISTED[name])) == ["directory_listing"]


@pytest.mark.parametrize("name", UNLISTED)
def test_unlisted(name: str) -> None:
    assert classes(exchange(UNLISTED[name])) == []


@pytest.mark.parametrize("name", SHELLS)
def test_web_shell(name: str) -> None:
    assert classes(exchange(SHELLS[name])) == ["web_shell"]


@pytest.mark.parametrize("name", NO_SHELLS)
def test_no_web_shell(name: str) -> None:
    assert classes(exchange(NO_SHELLS[name])) == []
