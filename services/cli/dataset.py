"""The training set as Parquet, for those who train models of their own: masked, with its origin.

In:     samples, each with its split.
Out:    a file of one row a sample; COLUMNS says what is in it.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from services.cli.masked_body import masked_body
from services.cli.safe_text import text
from services.runtime.masking import Masker

if TYPE_CHECKING:
    import pyarrow as pa

    from services.detect.training.samples import Sample

# Of a body; what is longer is cut, as the model reads no long values.
BODY_BYTES_MAX = 65_536
ROWS_A_GROUP = 5_000
# Name, Arrow type, what it is.
COLUMNS = (
    ("split", "string", "train, or held: a model is judged on it"),
    ("source", "string", "the file's, labels, or ordinary"),
    ("attack", "bool", "what it is said to be"),
    ("class", "string", "of an attack, as in docs/detections.md"),
    ("label", "string", "who says so: file, label or ordinary"),
    ("by", "string", "the person who labelled it"),
    ("exchange", "string", "its id"),
    ("topic", "string", "where it stands; null: in a file"),
    ("partition", "int32", "of the topic"),
    ("offset", "int64", "in the partition"),
    ("method", "string", ""),
    ("target", "string", "masked"),
    ("headers", "headers", "names and values in order, masked"),
    ("body", "string", "decoded, masked, its first 64 KiB"),
    ("rules", "rules", "what the rules said: rule, place and weight"),
)


def write(path: Path, split: "Iterable[tuple[str, Sample]]", masker: Masker) -> int:
    """The file; how many rows it has."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = _schema()
    rows = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for group in _groups(split, masker):
            writer.write_table(pa.Table.from_pylist(group, schema=schema))
            rows += len(group)
    return rows


def _schema() -> "pa.Schema":
    import pyarrow as pa

    types = {
        "bool": pa.bool_(), "int32": pa.int32(), "int64": pa.int64(), "string": pa.string(),
        "headers": pa.list_(pa.struct([("name", pa.string()), ("value", pa.string())])),
        "rules": pa.list_(pa.struct(
            [("rule", pa.string()), ("where", pa.string()), ("weight", pa.float64())]
        )),
    }  # fmt: skip
    return pa.schema(
        [pa.field(name, types[kind], metadata={"doc": says}) for name, kind, says in COLUMNS]
    )


def _groups(
    split: "Iterable[tuple[str, Sample]]", masker: Masker
) -> Iterator[list[dict[str, Any]]]:
    group: list[dict[str, Any]] = []
    for side, one in split:
        group.append(_row(side, one, masker))
        if len(group) >= ROWS_A_GROUP:
            yield group
            group = []
    if group:
        yield group


def _row(side: str, one: "Sample", masker: Masker) -> dict[str, Any]:
    request, origin = one.request, one.origin
    headers = [(text(name), text(value)) for name, value in request.headers]
    kind = next((value for name, value in headers if name.lower() == "content-type"), "")
    body = request.body.decoded(BODY_BYTES_MAX).decode("utf-8", "backslashreplace")
    return {
        "split": side,
        "source": one.source,
        "attack": one.attack,
        "class": one.class_,
        "label": origin.label,
        "by": origin.by,
        "exchange": origin.exchange,
        "topic": origin.topic,
        "partition": origin.partition,
        "offset": origin.offset,
        "method": text(request.method),
        "target": masker.target(text(request.target)),
        "headers": [{"name": n, "value": v} for n, v in masker.headers(headers)],
        "body": masked_body(masker, kind, body),
        "rules": [
            {"rule": said.rule.id, "where": said.match.point.where, "weight": said.weight}
            for said in one.read.found
        ],
    }
