"""What a path says by itself.

In:   request targets as sent.
Out:  the path; its shape, in which ids are alike; how much it looks taken from a wordlist.
"""

import re
from enum import IntEnum
from functools import lru_cache

# Longer paths are cut: what tells two apart stands before, and a row must stay small.
PATH_BYTES_MAX = 512
BEFORE_QUERY = re.compile(rb"[^?#;]{0,%d}" % PATH_BYTES_MAX)
# Paths met again soon need no second look; some 200 bytes each.
REMEMBERED_MAX = 16_384

# Both are of lower case: a search that takes any case is ten times slower.
# Asked for by browsers and crawlers on their own account, on every site.
ROUTINE = re.compile(
    rb"/(?:favicon[\w.-]*\.(?:ico|png|svg)|robots\.txt|sitemap[\w.-]*\.xml(?:\.gz)?"
    rb"|(?:app-)?ads\.txt|humans\.txt|apple-touch-icon[\w-]*\.png|apple-app-site-association"
    rb"|browserconfig\.xml|(?:site\.web)?manifest(?:\.json|\.webmanifest)?)$"
    rb"|^/\.well-known/|\.(?:map|woff2?)$"
)
# What people forget on servers, by its place and name: hidden files, copies, dumps, doors for
# administrators, insides of frameworks. Our own list, of traits rather than of paths.
FORGOTTEN = re.compile(
    rb"/\.(?!well-known)[a-z]"  # .git, .env, .svn, .htaccess, .aws
    rb"|~$|\.(?:bak|backup|old|orig|save|sav|swp|copy|dist|inc|sql|dump|log|conf|cfg|ini|pem|key"
    rb"|tar|tgz|zip|rar|7z|gz|bz2|mdb|sqlite3?|db)$"
    rb"|/(?:[\w-]*admin[\w-]*|adm|manager|console|cpanel|webmail|shell|cmd|cgi-bin|backups?"
    rb"|dumps?|old|private|secrets?|internal|hidden|setup|install|phpinfo|info\.php"
    rb"|server-status|server-info|actuator|jmx-console|solr|jenkins|debug|trace|wp-[\w-]+"
    rb"|xmlrpc|config(?:uration)?|credentials|passwords?|passwd|id_rsa|webdav|elmah)"
    rb"(?:\.\w{1,5})?(?:/|$)"
)
ID = re.compile(rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{16,}|\d+")


class Kind(IntEnum):
    """What asking for a path in vain says of the client."""

    ROUTINE = 0
    """Nothing: software asks for it unbidden."""
    PLAIN = 1
    FORGOTTEN = 2
    """A name that wordlists have because it is worth finding."""


def path_of(target: bytes) -> bytes:
    """The path of a request target: without scheme and host, query, fragment and parameters."""
    if not target.startswith(b"/"):
        _, separator, rest = target.partition(b"://")
        if separator:
            target = b"/" + rest.partition(b"/")[2]
    return BEFORE_QUERY.match(target)[0]  # type: ignore[index]  # it matches anything


@lru_cache(REMEMBERED_MAX)
def shape(path: bytes) -> bytes:
    """The path with every number and hash the same.

    Asking for a thousand ids of one operation is enumeration, not browsing: it is one path here.
    So are the chunks of a web page's scripts, which have a hash in their name.
    """
    return ID.sub(b"0", path)


@lru_cache(REMEMBERED_MAX)
def kind(path: bytes) -> Kind:
    """How much a path looks taken from a wordlist."""
    lower = path.lower()
    if ROUTINE.search(lower):
        return Kind.ROUTINE
    return Kind.FORGOTTEN if FORGOTTEN.search(lower) else Kind.PLAIN
