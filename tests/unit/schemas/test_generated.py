"""types.py and schema.rs say what the .avsc files say."""

import json
from pathlib import Path

from schemas import generate, registry, types

FOLDER = Path(generate.__file__).parent


def test_python_types_are_fresh() -> None:
    assert generate.generate() == generate.TARGET.read_text(), "run `make schemas`"


def test_native_constants_are_fresh() -> None:
    assert generate.generate_native() == generate.NATIVE_TARGET.read_text(), "run `make schemas`"


def test_every_schema_has_its_class() -> None:
    classes = {record.__name__ for record in types.RECORDS}
    assert registry.current().keys() <= classes


def test_a_file_holds_the_record_that_its_name_says() -> None:
    paths = [*FOLDER.glob("*.avsc"), *FOLDER.glob("state/*.avsc")]
    assert len(paths) > 10
    for path in paths:
        name = json.loads(path.read_text())["name"]
        assert path.stem.replace("_", "") == name.lower()


def test_every_field_is_explained() -> None:
    named = (registry.read_schema(path).parsed for path in FOLDER.glob("**/*.avsc"))
    for schema in named:
        for field in schema["fields"]:
            assert field.get("doc", "").endswith((".", "…")), f"{schema['name']}.{field['name']}"
