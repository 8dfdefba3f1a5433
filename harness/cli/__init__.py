"""The command line: thin commands around the pipeline.

Heavy packages are imported by the commands that need them, so that help comes at once.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from harness.cli import (
    archive,
    challenge,
    check,
    clean,
    compare,
    export,
    figure,
    generate,
    list_results,
    merge,
    new_plugin,
    new_study,
    options,
    output,
    plan,
    plugins,
    pool,
    replicate,
    report,
    reproduce,
    run,
    schema,
    sync,
    ui,
    validate,
)
from harness.cli.exit_status import refuse
from harness.cli.interruption import INTERRUPTED, STATUS
from harness.cli.lazy_imports import defer
from harness.errors import HarnessError
from harness.notices import warn
from harness.printable import printable
from harness.search_path import leave_working_folder


class _Commands(click.Group):
    """Commands whose user errors are a line each and exit status 2; bugs keep their traceback."""

    def make_context(self, *words: Any, **settings: Any) -> click.Context:
        typed = [*words[1]]  # which click takes out of the list as it reads them
        with _quoted_printably():
            context = super().make_context(*words, **settings)
        options.note_json(context, words=typed)
        return context

    def invoke(self, context: click.Context) -> Any:
        try:
            with _quoted_printably(), _warnings_in_one_line():
                return super().invoke(context)
        except HarnessError as error:
            refuse(error)
        except OSError as error:  # a folder that cannot be made, a disk that is full
            refuse(_line(error, command=context.invoked_subcommand))
        except click.ClickException as error:
            if not options.in_json():
                raise  # click prints the usage too
            refuse(error.format_message(), status=error.exit_code)
        except KeyboardInterrupt:
            output.say(INTERRUPTED, err=True)
            sys.exit(STATUS)


@contextmanager
def _quoted_printably() -> Iterator[None]:
    """Make errors of click, which prints them itself, quote what was typed printably."""
    try:
        yield
    except click.ClickException as error:
        shown = printable(error.format_message())
        if shown == error.format_message():
            raise
        if isinstance(error, click.UsageError):
            raise click.UsageError(shown, ctx=error.ctx) from None
        raise click.ClickException(shown) from None


@contextmanager
def _warnings_in_one_line() -> Iterator[None]:
    """Show a library's warning as a line of ours, without a place in its source."""

    def show(message: Warning | str, *_: object, **__: object) -> None:
        warn(" ".join(str(message).split()))

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield


def _line(error: OSError, *, command: str | None) -> str:
    """The file and the fault or, of an error without a file, the command and the fault."""
    fault = error.strerror or str(error) or type(error).__name__
    if error.filename is not None:
        names = (name for name in (error.filename, error.filename2) if name is not None)
        return f"{' -> '.join(map(str, names))}: {fault}"
    if fault.startswith("AF_UNIX path too long"):  # of a worker's socket, in Python's own words
        folder = tempfile.gettempdir()
        return f"{fault}: the folder for temporary files, {folder}; set TMPDIR to a shorter one"
    return f"harness {command}: {fault}"


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="transformer-harness", prog_name="harness")
def main() -> None:
    r"""Find out which of a Transformer's training choices earn their keep.

    Write a study (a question, a baseline, variants, seeds) in YAML, then:

    \b
      harness validate studies/ablation.yaml    is it valid?
      harness plan studies/ablation.yaml        what would be trained, and why?
      harness run studies/ablation.yaml         train, compare, report

    A run that exists is never trained twice, and an interrupted one continues from its checkpoint.
    Exit status: 0 done, 1 some runs or metrics failed, 2 the study, a plugin or an option is wrong,
    3 a limit such as --max-hours was reached, 130 interrupted. With --json, every command prints
    one object for programs.
    """
    # First: what is imported from here on must not come from a folder of data.
    leave_working_folder()
    _open_what_is_closed()
    sys.excepthook = lambda _kind, bug, _place: _print_bug(bug)
    # Before any plugin is imported: most of them name torch, and few commands compute with it.
    defer("torch")
    for stream in (sys.stdout, sys.stderr):
        # A letter that the terminal lacks must not cost what else there is to print.
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def _open_what_is_closed() -> None:
    """Open the standard streams that the caller closed, as `2>&-` does, to nothing.

    Otherwise the next file that is opened takes the number of one, and what a library prints.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)  # noqa: FBT003 - not a keyword of it
    os.close(number)
    sys.stdin = sys.stdin or os.fdopen(0)
    sys.stdout = sys.stdout or os.fdopen(1, "w")
    sys.stderr = sys.stderr or os.fdopen(2, "w")


def _print_bug(bug: BaseException) -> None:
    """Print the traceback of a bug, whose message may quote anything."""
    output.say("".join(traceback.format_exception(bug)), err=True, newline=False)


def _keep_lines(command: click.Command) -> None:
    r"""Replace \b in a raw docstring by the character that keeps click from wrapping lines."""
    command.help = (command.help or "").replace("\\b\n", "\b\n")
    if isinstance(command, click.Group):
        for subcommand in command.commands.values():
            _keep_lines(subcommand)


for _command in (
    run.run,
    plan.plan,
    validate.validate,
    report.report,
    sync.sync,
    ui.ui,
    export.export,
    archive.archive,
    merge.merge,
    reproduce.reproduce,
    challenge.challenge,
    replicate.replicate,
    pool.pool,
    check.check,
    list_results.list_results,
    clean.clean,
    compare.compare,
    generate.generate,
    figure.figure,
    plugins.plugins,
    schema.schema,
    new_plugin.new,
):
    main.add_command(_command)
new_plugin.new.add_command(new_study.study)
_keep_lines(main)
