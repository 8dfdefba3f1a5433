"""``harness plan``: the runs of a study, and the effects that they can show."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from harness.cli import options, output


@click.command()
@options.STUDY
@options.OUT
@options.SEEDS
@options.PLUGINS
@options.JSON
@options.plan_questions
def plan(
    study: Path,
    *,
    out: Path,
    seeds: int | None,
    plugin_files: bool,
    as_json: bool,
    questions: options.PlanQuestions,
) -> None:
    """Preview STUDY: its runs, and the effects that they can show. Trains nothing.

    Lists every run and, for one that does not exist, the reason: new; changed option NAME; changed
    code of PLUGIN; changed corpus; interrupted; failed. Lists what each variant changes, the side
    effects of that, and what it shares with the baseline. Gives the smallest effect that these
    seeds can show.

    Effects are in the unit of the primary metric, and --sd is of the differences between a variant
    and the baseline of the same seed (of the scores, where a study is unpaired). Without it, the
    seeds that --effect needs allow for the uncertainty of the spread of results. Of results that
    exist only their spread is shown, so a plan is no inspection. It is frozen: its digest and date
    are kept beside the runs, and the answer names what is changed once results have been seen.
    --probe warns of variants that change nothing; `harness run` does that too.

    The plugin files that STUDY names are Python, and are executed; not with --no-plugins.
    """
    from harness import pipeline
    from harness.components.executor import cores
    from harness.planning import preview

    opened = pipeline.open_study(
        study, out=out, seeds=seeds, plugin_files=plugin_files, reuse=questions.reuse
    )
    pipeline.say_found_elsewhere(opened)
    power = preview.PowerQuestion(effect=questions.effect, sd=questions.sd)
    # Probes are processes on this machine, whatever carries out the runs.
    most = pipeline.at_once(opened.study, jobs=questions.jobs)
    probe_jobs = min(most, questions.jobs or cores()) if questions.probe else None
    planned = pipeline.plan_study(opened, question=power, probe_jobs=probe_jobs)
    if as_json:
        output.say_json(preview.preview_json(planned))
    else:
        output.say_text(partial(preview.preview_text, planned))
