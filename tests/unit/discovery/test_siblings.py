"""When names turn out to be values, and when they stay names."""

import random

import pytest

from services.discovery.siblings import Templates, segments

PEOPLE = [f"person{chr(97 + i % 26)}{chr(97 + i // 26)}" for i in range(40)]


def looks(outline: int) -> frozenset[str]:
    """An answer with three fields of its own; 0: a page."""
    return frozenset(f"{outline}{end}" for end in "abc") if outline else frozenset({"~text/html"})


def templates_of(known: dict[str, int], siblings_min: int = 20) -> Templates:
    return Templates(
        ((segments(t), "GET", looks(outline)) for t, outline in known.items()), siblings_min
    )


def told(known: dict[str, int], siblings_min: int = 20) -> set[str]:
    templates = templates_of(known, siblings_min)
    return {templates.of(template) for template in known}


def test_many_names_with_like_answers_are_values() -> None:
    known = {f"/users/{name}": 7 for name in PEOPLE} | {
        f"/users/{name}/posts/{{id}}": 9 for name in PEOPLE
    }
    assert told(known) == {"/users/{name}", "/users/{name}/posts/{id}"}


def test_words_and_other_answers_stay_beside() -> None:
    known = {f"/users/{name}": 7 for name in PEOPLE} | {"/users/me": 7, "/users/teams": 8}
    assert told(known) == {"/users/{name}", "/users/me", "/users/teams"}


def test_resources_with_answers_of_their_own_stay() -> None:
    known = {f"/api/{name}": i for i, name in enumerate(PEOPLE, 1)} | {
        f"/api/{name}/{{id}}": i for i, name in enumerate(PEOPLE, 1)
    }
    assert told(known) == known.keys()


def test_pages_without_an_outline_stay() -> None:
    known = {f"/{name}": 0 for name in PEOPLE}
    assert told(known) == known.keys()


def test_few_names_stay() -> None:
    known = {f"/users/{name}": 7 for name in PEOPLE[:19]}
    assert told(known) == known.keys()


def test_versions_stay() -> None:
    known = {f"/specs/v{i}": 7 for i in range(40)}
    assert told(known) == known.keys()


def test_several_types_in_one_place_are_the_widest() -> None:
    assert told({"/a/{id}": 1, "/a/{hash}": 1, "/a/{id}/b": 1}) == {"/a/{hash}", "/a/{hash}/b"}
    assert told({"/a/{id}": 1, "/a/{uuid}": 1}) == {"/a/{id}", "/a/{uuid}"}


def test_values_deeper_under_values() -> None:
    known = {f"/u/{name}/f/{other}": 7 for name in PEOPLE[:25] for other in PEOPLE[:25]}
    assert told(known) == {"/u/{name}/f/{name}"}


def test_what_never_worked_follows_what_did() -> None:
    known = {f"/users/{name}": 7 for name in PEOPLE}
    templates = templates_of(known)
    assert templates.of("/users/nobody") == "/users/{name}"
    assert templates.of("/users/me") == "/users/me"
    assert templates.of("/users/nobody/x") == "/users/{name}/x"
    assert templates.of("/other/nobody") == "/other/nobody"


def test_a_wrong_merge_splits_again_when_traffic_says_so() -> None:
    known = {f"/users/{name}": 7 for name in PEOPLE}
    assert told(known) == {"/users/{name}"}
    differing = {template: outline + i for i, (template, outline) in enumerate(known.items())}
    assert told(differing) == known.keys()


def test_values_need_not_have_the_same_operations_or_optional_fields() -> None:
    """Seldom used: of each a few of six operations, each answer with some of its fields."""
    chance = random.Random(1)
    known = [
        (
            ("users", name, *below),
            method,
            frozenset(f"{'.'.join(below)}{field}" for field in chance.sample("abcdef", 4)),
        )
        for name in PEOPLE
        for below in chance.sample(((), ("posts",), ("posts", "{id}"), ("likes",)), 2)
        for method in ("GET", "PUT")
    ]
    own = ("users", "teams"), "GET", frozenset(("members", "ab", "cd"))
    templates = Templates([*known, own], 20)
    assert {templates.of("/users/" + name) for name in PEOPLE} == {"/users/{name}"}
    assert templates.of("/users/teams") == "/users/teams"


def test_resources_that_share_an_envelope_stay() -> None:
    envelope = frozenset(("kind", "metadata", "metadata.name", "metadata.uid", "items"))
    known = [
        (("api", name, *below), "GET", envelope | {f"items[].{name}{end}" for end in "abcd"})
        for name in PEOPLE
        for below in ((), ("{id}",))
    ]
    templates = Templates(known, 20)
    assert templates.of(f"/api/{PEOPLE[0]}/{{id}}") == f"/api/{PEOPLE[0]}/{{id}}"


def test_what_has_no_body_goes_with_its_operation() -> None:
    known = [(("users", name), "GET", looks(7)) for name in PEOPLE[:30]]
    known += [(("users", name), "DELETE", frozenset({"~"})) for name in PEOPLE[20:]]
    templates = Templates(known, 20)
    assert {templates.of("/users/" + name) for name in PEOPLE} == {"/users/{name}"}


def test_a_file_beside_values_stays() -> None:
    known = [(("users", name), "GET", looks(7)) for name in PEOPLE]
    known.append((("users", "export.csv"), "GET", frozenset({"~text/csv"})))
    assert Templates(known, 20).of("/users/export.csv") == "/users/export.csv"


@pytest.mark.parametrize("end", [".json", ":cancel"])
def test_what_stands_behind_names_stays(end: str) -> None:
    known = [(("users", name + end), "POST", looks(7)) for name in PEOPLE]
    known += [(("users", "{id}" + end), "POST", looks(7))]
    if end == ".json":
        known = [(path, "GET", outline) for path, _, outline in known]
    templates = Templates(known, 20)
    told = {templates.of("/users/" + name + end) for name in (*PEOPLE, "{id}")}
    assert told == {f"/users/{{name}}{end}"}
    assert templates.of("/users/ann") == "/users/ann"


def test_pages_with_an_extension_are_values_and_programs_are_not() -> None:
    pages = {f"/blog/{name}.html": 0 for name in PEOPLE}
    assert told(pages) == {"/blog/{name}.html"}
    programs = {f"/{name}.php": 0 for name in PEOPLE}
    assert told(programs) == programs.keys()


def test_names_with_dots_are_names() -> None:
    known = {f"/users/{name}.{name[::-1]}": 7 for name in PEOPLE}
    assert told(known) == {"/users/{name}"}


def test_what_is_to_be_done_stays() -> None:
    """Verbs that are sent with POST have the same answer each: that the thing is under way."""
    known = [(("servers", "{id}", name), "POST", looks(7)) for name in PEOPLE]
    assert Templates(known, 20).of(f"/servers/{{id}}/{PEOPLE[0]}") == f"/servers/{{id}}/{PEOPLE[0]}"


def test_what_is_deleted_needs_no_answer() -> None:
    known = [(("hooks", name), "DELETE", frozenset({"~"})) for name in PEOPLE]
    assert Templates(known, 20).of(f"/hooks/{PEOPLE[0]}") == "/hooks/{name}"


def test_collections_whose_things_have_the_same_below_them_stay() -> None:
    below = [("{id}",), "DELETE"], [("{id}", "stream"), "GET"]
    known = [
        (("api", name, *path), method, frozenset({"~text/event-stream"}))
        for name in PEOPLE
        for path, method in below
    ]
    templates = Templates(known, 20)
    assert templates.of(f"/api/{PEOPLE[0]}/{{id}}") == f"/api/{PEOPLE[0]}/{{id}}"
    released = [(("ips", name, "release"), "POST", frozenset({"~"})) for name in PEOPLE]
    assert Templates(released, 20).of(f"/ips/{PEOPLE[0]}/release") == "/ips/{name}/release"


def test_what_takes_something_else_is_something_else() -> None:
    known = [(("shops", name), "PUT", looks(7) | {">title", ">price"}) for name in PEOPLE]
    known.append((("shops", "layout"), "PUT", looks(7) | {f">{place}" for place in "klmno"}))
    templates = Templates(known, 20)
    assert templates.of(f"/shops/{PEOPLE[0]}") == "/shops/{name}"
    assert templates.of("/shops/layout") == "/shops/layout"


def test_an_empty_answer_says_nothing() -> None:
    known = [(("shops", name), "GET", looks(7)) for name in PEOPLE[:30]]
    known += [(("shops", name), "GET", frozenset({"~json"})) for name in PEOPLE[30:]]
    templates = Templates(known, 20)
    assert {templates.of("/shops/" + name) for name in PEOPLE} == {"/shops/{name}"}
