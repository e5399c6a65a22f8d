"""`sidetap train`: labelled requests to a model, with its report."""

import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli.broker import KafkaOption, client
from services.cli.inspect import lines_of
from services.cli.moments import moment_us
from services.cli.output import Format, chosen, print_json, print_people, say, table
from services.cli.refusal import CheckFailedError, RefusedError
from services.cli.train_report import UNSEEN, as_markdown, share
from services.runtime.mask_key import mask_key
from services.runtime.masking import Masker

if TYPE_CHECKING:
    from services.detect.training.learn import LeftOut, Trained
    from services.detect.training.rates import Rates
    from services.detect.training.samples import Sample

COLUMNS = ("what", "attacks found", "right class", "benign flagged")
ATTACKS_MIN = 50


def register(application: typer.Typer, name: str) -> None:
    """Add the subcommand."""
    application.command(name)(train)


FilesArgument = Annotated[
    list[str] | None, typer.Argument(metavar="FILE…", help="Labelled requests, JSON lines or -.")
]
LabelsOption = Annotated[
    bool, typer.Option("--labels", help="What people labelled, with its exchanges on Kafka.")
]
OrdinaryFromOption = Annotated[
    str | None,
    typer.Option(
        "--ordinary-from", metavar="T", help="Exchanges from T on are benign unless flagged."
    ),
]
OrdinaryToOption = Annotated[
    str | None, typer.Option("--ordinary-to", metavar="T", help="Up to this moment.")
]
DatasetOption = Annotated[
    Path | None, typer.Option("--dataset", metavar="F", help="All of it as Parquet, masked.")
]
OutOption = Annotated[Path, typer.Option("--out", metavar="F", help="Where the model goes.")]
LeaveOneOutOption = Annotated[
    bool, typer.Option("--leave-one-out", help="Score each source by a model without it.")
]
ScoreOption = Annotated[
    list[str], typer.Option("--score", metavar="F", help="Scored only, never trained on.")
]
KinOption = Annotated[
    list[str], typer.Option("--kin", metavar="A,B", help="Sources with parts in common.")
]
AgainstOption = Annotated[
    Path | None, typer.Option("--against", metavar="F", help="The model to beat; none: the rules.")
]
ReportOption = Annotated[
    Path | None, typer.Option("--report", metavar="F", help="Write all rates there, as Markdown.")
]


def train(
    out: OutOption,
    files: FilesArgument = None,
    labels: LabelsOption = False,
    ordinary_from: OrdinaryFromOption = None,
    ordinary_to: OrdinaryToOption = None,
    leave_one_out: LeaveOneOutOption = False,
    score: ScoreOption = [],  # noqa: B006 (typer copies it)
    kin: KinOption = [],  # noqa: B006
    against: AgainstOption = None,
    report: ReportOption = None,
    dataset: DatasetOption = None,
    kafka: KafkaOption = None,
    said: Annotated[Format | None, typer.Option("--format", help="jsonl or table.")] = None,
) -> None:
    """A model from labelled requests.

    Takes {"id", "source", "label", "class", "request_b64"[, "weak"]} a line; label is attack or
    benign. With --labels also what people said of findings; of a time that you know to be quiet,
    --ordinary-from takes what is not flagged as benign. A fifth is held back. A model that is
    worse there than the rules alone (or than that of --against beside them) is not written; then
    exit code 1. `sidetap policy activate` puts it to work.

    \b
    Examples:
      sidetap train ours.jsonl --labels --ordinary-from 7d --out model.json --dataset set.parquet
      sidetap train *.jsonl --out model.json --leave-one-out --kin lists,fuzz --score shop.jsonl
    """
    _refuse_missing_folders(out, report, dataset)
    learn = _learning()
    from services.detect.model import Model, canonical

    samples = [*_samples(files or ()), *_from_topics(labels, ordinary_from, ordinary_to, kafka)]
    if dataset is not None:
        _write(dataset, samples)
    if sum(one.attack for one in samples) < ATTACKS_MIN:
        raise RefusedError(f"fewer than {ATTACKS_MIN} attacks: a model of them would be chance.")
    plain = learn.ordinary()
    made = _trained(samples, plain, against)
    model = Model(made.form)
    lines = list(_report(made))
    if leave_one_out:
        groups = [frozenset(group.split(",")) for group in kin]
        for one in learn.left_out(samples, _samples(score), plain, model, groups):
            lines += _left_out(one)
    _show(lines, chosen(said), report)
    if made.worse:
        raise CheckFailedError("the new model is worse on what was held back; it is not written.")
    out.write_bytes(canonical(made.form))
    say(f"{out}: model {model.hash}, {made.trained_on} requests, {made.held_back} held back.")


def _trained(samples: "Sequence[Sample]", plain: Any, against: Path | None) -> "Trained":
    from services.detect.training import fit, learn

    try:
        return learn.trained(samples, plain, _active(against))
    except fit.TooFewError as error:
        raise RefusedError(f"{error}; label more, or add files.") from error


def _refuse_missing_folders(*paths: Path | None) -> None:
    """Before anything is read: it takes minutes."""
    for path in paths:
        if path is not None and not path.parent.is_dir():
            raise RefusedError(f"{path} cannot be written: there is no folder {path.parent}.")


def _learning() -> Any:
    try:
        from services.detect.training import learn
    except ImportError as error:
        raise RefusedError(
            "training needs scikit-learn, which running does not: pip install scikit-learn."
        ) from error
    return learn


def _samples(files: Iterable[str]) -> "list[Sample]":
    from services.detect.inspect import LINE_BYTES_MAX
    from services.detect.training.samples import LabelledLineError, samples_of
    from services.detect.verdict import Inspector

    try:
        return list(samples_of(lines_of(files, LINE_BYTES_MAX), Inspector()))
    except LabelledLineError as error:
        raise RefusedError(f"{error}.") from error


def _from_topics(
    labels: bool, from_: str | None, to: str | None, kafka: str | None
) -> "Iterator[Sample]":
    """What Kafka has to train on, said with its counts."""
    from services.cli import train_topics
    from services.detect.verdict import Inspector

    if to is not None and from_ is None:
        raise RefusedError("--ordinary-to says where a time ends that --ordinary-from begins.")
    if not labels and from_ is None:
        return
    settings, inspector = client(kafka), Inspector()
    found = list(train_topics.labelled(settings, inspector)) if labels else []
    if labels:
        attacks = sum(one.attack for one in found)
        say(f"labels: {attacks} attacks, {len(found) - attacks} benign exchanges.")
    yield from found
    if from_ is not None:
        now_us = time.time_ns() // 1_000
        span_us = moment_us(from_, now_us), moment_us(to, now_us) if to else None
        known = {one.origin.exchange for one in found}
        benign = list(train_topics.ordinary(settings, inspector, span_us, known))
        say(f"ordinary: {len(benign)} exchanges.")
        yield from benign


def _write(path: Path, samples: "Sequence[Sample]") -> None:
    from services.cli import dataset
    from services.detect.training.learn import held_back

    masker = Masker(mask_key(None))
    split = (("held" if held_back(one, n) else "train", one) for n, one in enumerate(samples))
    try:
        rows = dataset.write(path, split, masker)
    except ImportError as error:
        raise RefusedError("Parquet needs pyarrow: pip install pyarrow.") from error
    say(f"{path}: {rows} requests, masked.")


def _active(against: Path | None) -> Any:
    from services.detect.models import loaded

    if against is None:
        return None
    try:
        return loaded(against.read_bytes())
    except ValueError as error:
        raise RefusedError(f"{against}: {error}.") from error


def _report(made: "Trained") -> "Iterator[tuple[str, Rates]]":
    yield "held back, the one to beat", made.active
    yield "held back, new model", made.new


def _left_out(one: "LeftOut") -> "Iterator[tuple[str, Rates]]":
    yield f"{one.source}, rules alone", one.rules
    yield f"{one.source}{UNSEEN}", one.unseen
    yield f"{one.source}, in-sample", one.seen


def _show(lines: "Sequence[tuple[str, Rates]]", format_: Format, report: Path | None) -> None:
    if report is not None:
        report.write_text(as_markdown(lines))
    if format_ is Format.jsonl:
        print_json(_form(what, rates) for what, rates in lines)
        return
    rows = [
        (
            what,
            share(rates.found, rates.attacks),
            share(rates.named, rates.found),
            share(rates.flagged, rates.benign),
        )
        for what, rates in lines
    ]
    curve = [(f"{cut:.2f}", f"{tpr:.2%}", f"{fpr:.2%}") for cut, tpr, fpr in lines[1][1].curve]
    print_people(
        table("Models", COLUMNS, rows),
        table("New model, held back, by score", ("score#", "found#", "flagged#"), curve),
    )


def _form(what: str, rates: "Rates") -> dict[str, Any]:
    return {
        "kind": "rates", "what": what, "attacks": rates.attacks, "found": rates.found,
        "named": rates.named, "benign": rates.benign, "flagged": rates.flagged,
        "curve": [{"score": cut, "tpr": tpr, "fpr": fpr} for cut, tpr, fpr in rates.curve],
    }  # fmt: skip
