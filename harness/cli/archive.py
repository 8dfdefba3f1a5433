"""``harness archive``: a study's results as one file to send."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from harness.cli import options, output
from harness.runs.reuse import Reuse


@click.command()
@options.STUDY
@click.option("--weights", is_flag=True, help="Include the final weights, which are large.")
@click.option(
    "-o",
    "--output",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file; STUDY's name and -results.zip by default.",
)
@options.OUT
@options.SEEDS
@options.JSON
def archive(
    study: Path,
    *,
    weights: bool,
    path: Path | None,
    out: Path,
    seeds: int | None,
    as_json: bool,
) -> None:
    r"""Write the results of STUDY into one file, which `harness report FILE` opens anywhere.

    It has the study, the plugin files that it names, the records of its finished runs, the report
    and the log of inspections, each with its SHA-256; no corpus, no logs and no paths of this
    machine. Equal results give equal bytes. Trains nothing.

    The results are recorded as inspected.

    \b
      harness archive studies/ablation.yaml
      harness report ablation-results.zip
    """
    from harness import pipeline
    from harness.exchange.archive import archive_study

    opened = pipeline.open_study(study, out=out, seeds=seeds, reuse=Reuse.SAME_STUDY)
    pipeline.say_found_elsewhere(opened)
    written = archive_study(opened, path=path, weights=weights)
    for line in written.left_out:
        output.say(line, err=True)
    size = written.path.stat().st_size
    if as_json:
        output.say_object({**asdict(written), "path": str(written.path), "size": size})
    else:
        output.say(f"{written.path}: {written.runs} runs, {size / 1e6:.3g} MB")
