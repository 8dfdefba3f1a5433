"""``harness figure``: pictures that explain choices, runs and studies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import click

from harness.cli import options, output, run_argument
from harness.errors import HarnessError
from harness.runs.reuse import Reuse

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from harness.contracts import Measurement
    from harness.introspection.draw_curves import Curve

_POSITIVE = click.IntRange(min=1)


def _picture(name: str, *names: str) -> Callable[[Any], Any]:
    """The options for a picture: its path, `--picture` and perhaps other `names`, and `--json`."""
    path = click.option(
        "--picture",
        *names,
        "picture",
        type=click.Path(path_type=Path, dir_okay=False),
        default=Path(f"{name}.png"),
        show_default=True,
        help="The file to write: .png, .svg or .pdf.",
    )
    as_json = click.option("--json", is_flag=True, expose_value=False, help=options.JSON_HELP)
    return lambda command: path(as_json(command))


def _several(name: str, *, default: tuple[int, ...]) -> Callable[[Any], Any]:
    """An option of counts, which may be repeated."""
    return click.option(name, type=_POSITIVE, multiple=True, default=default, show_default=True)


def _save(
    draw: Callable[[], Figure],
    *,
    picture: Path,
    note: str = "",
    numbers: Mapping[str, float] = MappingProxyType({}),
) -> None:
    """Write a picture, then print its path and, if it has any, its numbers: `note` in words."""
    from harness.introspection.save import save_drawing

    save_drawing(draw, path=picture)
    if options.in_json():
        output.say_object({"picture": str(picture), "numbers": {**numbers}})
    else:
        output.say(f"{picture}\n{note}" if note else picture)


def _named(names: Sequence[str], *, slot: str) -> dict[str, Any]:
    """The component of each name, written as in a study."""
    from harness import pipeline
    from harness.loading import parse_component

    catalog = pipeline.catalog()
    return {name: parse_component(name, slot=slot, catalog=catalog) for name in names}


@click.group()
def figure() -> None:
    r"""Draw a picture that explains a choice, a run or a study.

    Its numbers are computed by the components themselves, those of plugins included. A component is
    written as in a study:

    \b
      harness figure decays linear "{exponential: 0.99}"
      harness figure noam --d-model 256 --warmup 400 --picture noam.svg
      harness figure attention studies/ablation.yaml "Ein Junge liest ein Buch."

    The findings of a study are drawn by `harness report`.
    """


def _refuse_picture(out: Path) -> None:
    """Raise `HarnessError` for a file where the folder of results is meant."""
    if out.suffix in (".png", ".svg", ".pdf"):  # as figures that need no results call the file
        raise HarnessError(f"--out {out}: the folder of results; --picture names the file")


@figure.command("dropout_sites")
@options.STUDY
@run_argument.VARIANT
@_picture("dropout_sites", "--out")
def dropout_sites(study: Path, *, variant: str, picture: Path) -> None:
    """Draw the share that every site of a model drops, for a variant of STUDY."""
    from harness.introspection.draw_sites import draw_sites
    from harness.loading import load

    loaded, _ = load(study)
    run_argument.refuse_unknown(variant, study=loaded)
    name = f"{study.stem}, {variant}"
    _save(lambda: draw_sites(loaded.experiments[variant], name=name), picture=picture)


@figure.command("thinned_networks")
@options.STUDY
@run_argument.VARIANT
@click.option("--seed", type=int, help="The seed of the masks; the first of STUDY by default.")
@click.option("--draws", type=click.IntRange(1, 12), default=3, show_default=True)
@click.option(
    "--units", type=click.IntRange(1, 64), default=8, show_default=True, help="Of each layer."
)
@_picture("thinned_networks", "--out")
def thinned_networks(
    study: Path, *, variant: str, seed: int | None, draws: int, units: int, picture: Path
) -> None:
    """Draw a feed-forward network of a variant of STUDY, and what its dropout masks leave of it."""
    from harness.introspection.draw_thinned import draw_thinned
    from harness.loading import load

    loaded, _ = load(study)
    run_argument.refuse_unknown(variant, study=loaded)
    chosen, key = loaded.experiments[variant], loaded.seeds[0] if seed is None else seed
    _save(lambda: draw_thinned(chosen, seed=key, draws=draws, units=units), picture=picture)


@figure.command("label_smoothing")
@click.argument("names", metavar="[LOSSES]...", nargs=-1)
@click.option("--classes", type=click.IntRange(min=3), default=5, show_default=True)
@_picture("label_smoothing", "--out")
def label_smoothing(names: tuple[str, ...], *, classes: int, picture: Path) -> None:
    """Draw the targets that LOSSES pull toward; by default label smoothing's three conventions."""
    from harness.introspection.draw_losses import draw_targets

    shared = "{{label_smoothing: {{smoothing: 0.4, convention: {}}}}}"
    conventions = ("all", "others", "others_without_pad")
    names = names or tuple(map(shared.format, conventions))
    losses = _named(names, slot="loss")
    _save(lambda: draw_targets(losses, classes=classes), picture=picture)


@figure.command("penalization")
@click.argument("names", metavar="[LOSSES]...", nargs=-1)
@click.option("--highest", type=click.IntRange(min=2), default=100, show_default=True, help="x.")
@_picture("penalization", "--out")
def penalization(names: tuple[str, ...], *, highest: int, picture: Path) -> None:
    """Draw LOSSES as a function of confidence: the right class gets more of the probability."""
    from harness.introspection.draw_losses import draw_penalization

    names = names or ("{kl_divergence: 0.1}", "cross_entropy")
    losses = _named(names, slot="loss")
    _save(lambda: draw_penalization(losses, highest=highest), picture=picture)


@figure.command("noam")
@_several("--d-model", default=(512, 256))
@_several("--warmup", default=(4000, 8000))
@click.option("--updates", type=_POSITIVE, default=20000, show_default=True)
@_picture("noam", "--out")
def noam(*, d_model: tuple[int, ...], warmup: tuple[int, ...], updates: int, picture: Path) -> None:
    """Draw the schedule of the first Transformer for every --d-model and --warmup (repeat them)."""
    from harness.introspection.schedule_curves import curve

    parts = _named([f"{{noam: {{warmup: {count}}}}}" for count in warmup], slot="schedule")
    curves = [
        curve(f"d_model {width}, warmup {count}", part=part, updates=updates, d_model=width)
        # Each value once, as two equal curves would look like one.
        for width in dict.fromkeys(d_model)
        for count, part in zip(dict.fromkeys(warmup), parts.values(), strict=True)
    ]
    _save_rates(curves, title="The Noam schedule", picture=picture)


@figure.command("schedules")
@options.STUDY
@_picture("schedules", "--out")
def schedules(study: Path, *, picture: Path) -> None:
    """Draw the learning rate of every variant of STUDY over its updates."""
    from harness.introspection.schedule_curves import study_curves
    from harness.loading import load

    loaded, _ = load(study)
    _save_rates(study_curves(loaded), title=f"Learning rates of {study.name}", picture=picture)


def _save_rates(curves: list[Curve], *, title: str, picture: Path) -> None:
    from harness.introspection.draw_curves import draw_curves

    _save(lambda: draw_curves(curves, title=title, x="update", y="learning rate"), picture=picture)


@figure.command("decays")
@click.argument("names", metavar="[DECAYS]...", nargs=-1)
@click.option("--updates", type=_POSITIVE, default=1000, show_default=True)
@_picture("decays", "--out")
def decays(names: tuple[str, ...], *, updates: int, picture: Path) -> None:
    """Draw DECAYS of scheduled sampling; by default those of its paper."""
    from harness.introspection.draw_curves import draw_curves
    from harness.introspection.schedule_curves import curve

    names = names or ("linear", "{exponential: 0.995}", "{inverse_sigmoid: 100}")
    parts = _named(names, slot="decay").items()
    curves = [curve(name, part=part, updates=updates) for name, part in parts]
    title = "Scheduled sampling: how often the decoder still reads gold"
    share = "probability of the gold token"
    _save(lambda: draw_curves(curves, title=title, x="update", y=share), picture=picture)


@figure.command("masks")
@click.argument("source", default="ein hund schläft .")
@click.argument("target", default="a dog sleeps .")
@click.option(
    "--padding", type=click.IntRange(min=0), default=2, show_default=True, help="Padded positions."
)
@_picture("masks", "--out")
def masks(source: str, *, target: str, padding: int, picture: Path) -> None:
    """Draw the words that each word of SOURCE and TARGET may attend to, padded as in a batch."""
    from harness.introspection.draw_masks import draw_masks

    words = target.split()
    _save(lambda: draw_masks(source.split(), target=words, padding=padding), picture=picture)


@figure.command("attention")
@run_argument.takes_run(results="--out")
@click.argument("sentence")
@click.option("--layer", type=int, help="Counted from 0; the last by default.")
@click.option(
    "--head",
    "heads",
    type=int,
    multiple=True,
    help="Counted from 0, repeatable; the mean of all by default.",
)
@_picture("attention")
def attention(
    run: run_argument.RunArgument,
    *,
    sentence: str,
    layer: int | None,
    heads: tuple[int, ...],
    picture: Path,
) -> None:
    """Draw the attention of a trained RUN in translating SENTENCE; RUN as in `harness generate`."""
    from harness.introspection.draw_attention import draw_attention

    _refuse_picture(run.out)
    finished = run.load()
    _save(
        lambda: draw_attention(finished, line=sentence, layer=layer, heads=heads), picture=picture
    )


@figure.command("exposure_bias")
@run_argument.takes_run(results="--out", generates=False)
@_picture("exposure_bias")
def exposure_bias(run: run_argument.RunArgument, *, picture: Path) -> None:
    """Draw the test nll of a trained RUN by position, after its own words and the reference's.

    Their difference per token, the exposure bias, is printed.
    """
    from harness.introspection import exposure_bias as measure

    _refuse_picture(run.out)
    finished = run.load()
    exposure = measure.exposure(finished)
    _save(
        lambda: measure.draw_exposure(exposure, name=finished.name),
        picture=picture,
        note=measure.exposure_text(exposure),
        numbers={"exposure_bias": exposure.bias},
    )


@figure.command("gradient_norms")
@options.STUDY
@click.option("--update", type=_POSITIVE, default=1, show_default=True)
@options.OUT
@_picture("gradient_norms")
def gradient_norms(study: Path, *, update: int, out: Path, picture: Path) -> None:
    """Draw the norm of the gradient at each layer, for every variant of STUDY; trains nothing.

    Runs measure it with `budget: {gradient_norms: true}`, at update 1 and wherever they evaluate.
    """
    from harness import pipeline
    from harness.introspection.draw_gradient_norms import draw_gradient_norms

    _refuse_picture(out)
    opened = pipeline.open_study(study, out=out, seeds=None, reuse=Reuse.SAME_STUDY)
    runs: dict[str, list[list[Measurement]]] = {}
    for run in opened.runs:
        runs.setdefault(run.variant, []).append(opened.ledger.measurements(run.digest))
    _save(lambda: draw_gradient_norms(runs, update=update, name=study.stem), picture=picture)
