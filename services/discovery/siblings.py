"""Templates in company: what its siblings say of a path segment.

In:     every template of a host that was used with success, with an outline of its answers.
Out:    for each template the one under which it stands in the inventory.
Keeps:  nothing. It is a function of the whole set: in whatever order traffic came the answer is
        the same, and when traffic changes, what was merged splits again.

Two rules. Variables of several types in one place are one variable of the widest type: an API
has one parameter there, of which some values look like numbers. Many names in one place, of
which the same operations give answers that are alike (alike.py), are values: a page each for Ann,
Bob and eighteen more. Names that differ in their operations or answers stay, as do the words that
every API uses: /users/me beside /users/{name}, and /v2 everywhere.
"""

from collections.abc import Iterable, Mapping, Sequence

from services.discovery.alike import Answers, alike
from services.discovery.segments import WIDENING, ending

NAME = "{name}"
WIDENED = (*WIDENING, NAME)
# Words that stand beside variables and are none.
WORDS = frozenset(
    [
        "me", "self", "current", "search", "new", "create", "edit", "login", "logout", "count",
        "all", "list", "latest", "recent", "popular", "export", "import", "stats", "statistics",
        "summary", "health", "status", "info", "version", "batch", "bulk", "validate", "settings",
        "config", "api", "rest", "graphql", "rpc", "admin", "public", "private", "internal", "docs",
        "openapi.json", "swagger.json", "metrics", "events", "ws", "auth", "token", "refresh",
        "oauth", "callback", "webhook", "webhooks", "upload", "download", "index", "home", "about",
    ]
)  # fmt: skip
# Endings behind which each name may be a program of its own, or a verb.
PROGRAMS = ("", ".asp", ".aspx", ".cgi", ".do", ".jsp", ".php")
# Answered for every path, whatever is there.
METHODS_OF_HTTP = ("HEAD", "OPTIONS")

Segments = tuple[str, ...]
# A template's segments with the method and what its answers look like.
Known = tuple[Segments, str, frozenset[str]]


def segments(template: str) -> Segments:
    """/a/{id} as ("a", "{id}")."""
    return tuple(template.split("/")[1:])


def is_name(label: str) -> bool:
    """Whether a segment is a name that may turn out to be a value."""
    return bool(label) and "{" not in label and label not in WORDS and not _version(label)


def _version(label: str) -> bool:
    return label[0] in "vV" and label[1:].replace(".", "").isdigit()


class Node:
    """What becomes of the segments under one prefix."""

    __slots__ = ("below", "names", "widest")

    def __init__(self, known: Iterable[Known], depth: int, siblings_min: int) -> None:
        by_label: dict[str, list[Known]] = {}
        for one in known:
            if len(one[0]) > depth:
                by_label.setdefault(one[0][depth], []).append(one)
        self.names = _renamed(by_label, depth, siblings_min)
        self.widest = next((w for w in reversed(WIDENED) if w in self.names.values()), "")
        merged: dict[str, list[Known]] = {}
        for label, those in by_label.items():
            merged.setdefault(self.names.get(label, label), []).extend(those)
        self.below = {
            label: Node(those, depth + 1, siblings_min) for label, those in merged.items()
        }

    def path(self, labels: Segments) -> Segments:
        """All labels of a path from here on as the inventory has them."""
        node: Node | None = self
        found = []
        for label in labels:
            renamed = node.renamed(label) if node else label
            found.append(renamed)
            node = node.below.get(renamed) if node else None
        return tuple(found)

    def renamed(self, label: str) -> str:
        """The label in the inventory, also of one that was never used with success."""
        found = self.names.get(label)
        if found is not None:
            return found
        if label in self.below or not self.widest:
            return label
        value = NAME + ending(label)
        if value in self.below and is_name(label):
            return value
        return self.widest if label in WIDENED else label


def _renamed(by_label: Mapping[str, list[Known]], depth: int, siblings_min: int) -> dict[str, str]:
    """What changes its name here. What ends alike (.json, :cancel) is compared with its like."""
    by_ending: dict[str, dict[str, list[Known]]] = {}
    for label, those in by_label.items():
        if is_name(label):
            by_ending.setdefault(ending(label), {})[label] = those
    names: dict[str, str] = {}
    for end, named in sorted(by_ending.items()):
        if len(named) >= siblings_min:
            answers = _answers(named, depth, siblings_min)
            values = alike(answers, siblings_min, verbs=end in PROGRAMS)
            names.update(dict.fromkeys(values, NAME + end))
    for end in {"", *(name.removeprefix(NAME) for name in names.values())}:
        names.update(_widened(by_label, end, NAME + end in names.values()))
    return names


def _widened(by_label: Mapping[str, object], end: str, has_names: bool) -> dict[str, str]:
    """Variables of several types in one place are one of the widest."""
    variables = [v for v in WIDENED if v + end in by_label]
    widest = NAME if has_names else variables[-1] if len(variables) > 1 else ""
    return {variable + end: widest + end for variable in variables if widest}


def _answers(
    named: Mapping[str, Sequence[Known]], depth: int, siblings_min: int
) -> dict[str, Answers]:
    """By name, what lies below it, as it would stand there if all names were one value."""
    whole = Node((one for those in named.values() for one in those), depth + 1, siblings_min)
    found: dict[str, Answers] = {}
    for label, those in named.items():
        answers = found[label] = {}
        for path, method, outline in those:
            if method in METHODS_OF_HTTP:
                continue
            operation = whole.path(path[depth + 1 :]), method
            answers[operation] = answers.get(operation, frozenset()) | outline
    return found


class Templates:
    """Templates of one host as the inventory has them."""

    def __init__(self, known: Iterable[Known], siblings_min: int) -> None:
        self._root = Node(list(known), 0, siblings_min)

    def of(self, template: str) -> str:
        """Under which template one stands."""
        return "/" + "/".join(self._root.path(segments(template)))
