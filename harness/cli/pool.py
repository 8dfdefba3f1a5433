"""``harness pool``: the verdicts of several studies as one."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli import options, output
from harness.errors import HarnessError


@click.command()
@click.argument("studies", metavar="STUDY STUDY...", nargs=-1, type=click.Path(path_type=Path))
@options.OUT
@options.JSON
def pool(studies: tuple[Path, ...], *, out: Path, as_json: bool) -> None:
    r"""Pool the differences of several studies, variant by variant. Trains nothing.

    STUDY is a study that has been run, or its folder of results. Variants of the same name are
    pooled on the primary metric, which must be the same. Studies that share a run are refused: it
    would count twice. A study and its replication share none.

    The true difference may vary between studies (a random effect, estimated by restricted maximum
    likelihood); the interval and p are Hartung and Knapp's, and p is corrected by Holm's method.

    The results of every study that is named are recorded as inspected.

    \b
      harness pool studies/small.yaml studies/large.yaml
      harness pool results/ablation replication/results/ablation
    """
    from harness.comparing import pooled_text
    from harness.comparing.pooled_studies import pool_studies, pooled_content, study_findings

    if len(studies) < 2:
        raise HarnessError("nothing to pool: name two studies")
    findings = pool_studies([study_findings(study, out=out) for study in studies])
    if as_json:
        output.say_object(pooled_content(findings))
        return
    output.say_lines(lambda screen: pooled_text.pooled_lines(findings, screen=screen))
