"""Every hook of the program, by the phase in which it is called: the manual for plugin authors.

A plugin is a module whose functions are marked with ``harness.hookspecs.hookimpl`` and named after
a hook below. It is found by its entry point (group ``harness``) or named by a study
(``plugins: [./my_loss.py]``). An implementation takes only the arguments that it wants. No hook
is called inside a forward or a backward pass.
"""

from __future__ import annotations

from collections.abc import Sequence

import pluggy

from harness import components
from harness.contracts import LedgerView, Run, RunView, StudyView

hookspec = pluggy.HookspecMarker("harness")
hookimpl = pluggy.HookimplMarker("harness")

# --- supply: what a study can name --------------------------------------------------------------
#
# When: once, in the coordinator and in every worker. Who answers: every plugin with something to
# offer. Returns: component classes of the slot, each name unique. Must not: build or read anything.


@hookspec
def harness_datasets() -> Sequence[type[components.Dataset]]:
    """Offer datasets: three splits of sentence pairs.

    Example::

        @hookimpl
        def harness_datasets():
            return [Proverbs]
    """


@hookspec
def harness_tokenizers() -> Sequence[type[components.Tokenizer]]:
    """Offer tokenizers: text to token numbers and back.

    Example::

        @hookimpl
        def harness_tokenizers():
            return [Syllables]
    """


@hookspec
def harness_initializers() -> Sequence[type[components.Initializer]]:
    """Offer initializers: the weights before training.

    Example::

        @hookimpl
        def harness_initializers():
            return [Orthogonal]
    """


@hookspec
def harness_regularizers() -> Sequence[type[components.Regularizer]]:
    """Offer regularizers: what keeps a model from memorising.

    Example::

        @hookimpl
        def harness_regularizers():
            return [WordDropout]
    """


@hookspec
def harness_losses() -> Sequence[type[components.Loss]]:
    """Offer losses: what training makes small.

    Example::

        @hookimpl
        def harness_losses():
            return [Focal]
    """


@hookspec
def harness_optimizers() -> Sequence[type[components.Optimizer]]:
    """Offer optimizers: how gradients become steps.

    Example::

        @hookimpl
        def harness_optimizers():
            return [Lion]
    """


@hookspec
def harness_parameter_groups() -> Sequence[type[components.ParameterGroups]]:
    """Offer parameter groups: which parameters learn at which rate.

    Example::

        @hookimpl
        def harness_parameter_groups():
            return [BiasesFaster]
    """


@hookspec
def harness_schedules() -> Sequence[type[components.Schedule]]:
    """Offer schedules: the learning rate over time.

    Example::

        @hookimpl
        def harness_schedules():
            return [Cosine]
    """


@hookspec
def harness_decoding_policies() -> Sequence[type[components.DecodingPolicy]]:
    """Offer decoding policies: what the decoder is fed while it learns.

    Example::

        @hookimpl
        def harness_decoding_policies():
            return [ProfessorForcing]
    """


@hookspec
def harness_decays() -> Sequence[type[components.Decay]]:
    """Offer decays: numbers that fall over time, nested in a decoding policy.

    Example::

        @hookimpl
        def harness_decays():
            return [Sigmoid]
    """


@hookspec
def harness_averagings() -> Sequence[type[components.Averaging]]:
    """Offer averagings: whose weights are evaluated.

    Example::

        @hookimpl
        def harness_averagings():
            return [Polyak]
    """


@hookspec
def harness_generations() -> Sequence[type[components.Generation]]:
    """Offer generations: how a trained model writes.

    Example::

        @hookimpl
        def harness_generations():
            return [Diverse]
    """


@hookspec
def harness_metrics() -> Sequence[type[components.Metric]]:
    """Offer metrics: what is said of the text a model wrote.

    Example::

        @hookimpl
        def harness_metrics():
            return [TranslationEditRate]
    """


@hookspec
def harness_figures() -> Sequence[type[components.Figure]]:
    """Offer figures: what a report shows of its numbers.

    Example::

        @hookimpl
        def harness_figures():
            return [Histogram]
    """


@hookspec
def harness_trackers() -> Sequence[type[components.Tracker]]:
    """Offer trackers: where people look at runs.

    Example::

        @hookimpl
        def harness_trackers():
            return [Dashboard]
    """


@hookspec
def harness_executors() -> Sequence[type[components.Executor]]:
    """Offer executors: where runs are carried out.

    Example::

        @hookimpl
        def harness_executors():
            return [Cluster]
    """


# --- carry out: in the worker -------------------------------------------------------------------


@hookspec(firstresult=True)
def harness_run(run: Run) -> bool | None:
    """Carry out one run: train it and score it, leaving its facts in its folder.

    When: once a run, in its worker, in a process of its own. Who answers: the first that returns
    True; the core answers last. Wrap it (``@hookimpl(wrapper=True)``) to do something around a run.
    Must not: change `run`, or write to the files of the ledger.

    Example::

        @hookimpl(wrapper=True)
        def harness_run(run):
            with profiler(run.path / "profile.json"):
                return (yield)
    """


# --- observe: in the coordinator ----------------------------------------------------------------
#
# Who answers: every plugin that wants to know. What observers return is ignored, and one that
# raises is named in a warning and changes nothing.


@hookspec
def harness_study_started(study: StudyView) -> None:
    """The plan is made and the first run is about to begin.

    When: once a study, also when every run exists already. Must not: block.

    Example::

        @hookimpl
        def harness_study_started(study):
            print(study.name, len(study.runs))
    """


@hookspec
def harness_sync(study: StudyView, ledger: LedgerView) -> None:
    """The ledger may have grown; copy what is new to wherever you keep it.

    When: every few seconds while runs go on, and once after the last. Must: be idempotent, since
    the same facts are shown again. Must not: wait for a server that is away.

    Example::

        @hookimpl
        def harness_sync(study, ledger):
            for run in study.runs:
                plot(ledger.measurements(run.digest))
    """


@hookspec
def harness_run_ended(run: RunView, ledger: LedgerView) -> None:
    """A run finished, diverged or failed: ``ledger.outcome(run.digest)`` tells which.

    When: once for every run that was carried out, as soon as its outcome is written.

    Example::

        @hookimpl
        def harness_run_ended(run, ledger):
            notify(run.variant, ledger.outcome(run.digest).status)
    """


@hookspec
def harness_study_ended(study: StudyView, ledger: LedgerView) -> None:
    """Every run has ended and the report is written.

    When: once a study, last of all.

    Example::

        @hookimpl
        def harness_study_ended(study, ledger):
            publish(study.path / "report.md")
    """
