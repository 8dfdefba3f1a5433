"""The page of the study file: every key, its values, its default and its meaning.

Keys, types, bounds and defaults come from the classes that a study is checked against; the meanings
are written here, a line each.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from harness.components import Component, TransformerOptions
from harness.loading.study_file import DEFAULTS, FILLED_IN, StudyKeys
from harness.reference.page_text import markdown_table, page, prose
from harness.reference.study_meanings import MEANINGS
from harness.registry.catalog import Catalog
from harness.registry.option_types import (
    describe,
    inner_type,
    is_container,
    lengths,
    members,
    option_types,
    plain,
    shown,
)
from harness.registry.serialization import resolved
from harness.study.experiment import Budget, Experiment
from harness.study.values import Comparison, Stopping, TuningOptions

_INTRODUCTION = (
    "A study is one YAML file, a mapping with the keys below, and may [include "
    "others](#included-files). `harness schema` prints the same as a JSON schema, with which an "
    "editor completes and checks; `harness validate` also checks what a schema cannot say. "
    "[A study in one file](../study.md) shows one."
)
_CHOICE = (
    "A key that takes a component takes its name (`loss: cross_entropy`), its name with options "
    "(`loss: {label_smoothing: {smoothing: 0.1}}`) or, of a component with one main option, the "
    "name with that option's value (`tokenizer: {bpe: 2000}`)."
)
_TOP = "A question, the variants that answer it, and how they are compared."
_INCLUDED = (
    "`include: ./base.yaml` begins from another file, `include: [a.yaml, b.yaml]` from several, of "
    "which a later one changes an earlier one. A key of the study replaces that of the file, but "
    "for two: `baseline` changes the file's as a variant changes a baseline, and `plugins` add up. "
    "An included file is named relative to the file that includes it, as are the corpora, models "
    "and plugins that it names itself. It may include others and need not be a whole study. "
    "Errors have their place in the file that they are in, runs are those of the same study in "
    "one file, and an archive has all the files."
)
_EXPERIMENT = (
    "The baseline has every choice. A variant, a level of a factor and an entry of `pretraining` "
    "have only what they change: a choice is replaced as a whole, while `model`, `budget` and "
    "`regularizers` are merged key by key, and `off` switches off a regularizer, `averaging`, "
    "`parameter_groups` or `starts_from`."
)
_SEEDS = (
    "A number (`seeds: 5` stands for 1 to 5), a list of seeds or, where verdicts decide how many, "
    "the keys below."
)
# Each with what opens its section; where that is empty, the docstring of the class does.
_SECTIONS: Mapping[str, tuple[str, type]] = {
    "a study": (_TOP, StudyKeys),
    "baseline, variants and pretraining": (_EXPERIMENT, Experiment),
    "budget": ("", Budget),
    "compare": ("", Comparison),
    "seeds": (_SEEDS, Stopping),
    "tune": ("", TuningOptions),
}


def study_page(catalog: Catalog) -> str:
    """The page, in Markdown."""
    sections = [_INTRODUCTION, _CHOICE]
    for heading, (introduction, options) in _SECTIONS.items():
        docstring = inspect.getdoc(options) or ""
        sections += [f"## {heading}", introduction or prose(docstring)]
        sections += [prose(docstring)] if options is Stopping else []
        sections.append(_keys(options))
        if options is Experiment:
            sections += _model(catalog)
    sections += ["## included files", _INCLUDED]
    source = "the classes that a study is checked against"
    return page("The study file", source=source, sections=sections)


def _model(catalog: Catalog) -> Iterator[str]:
    """The options under `model`: those that all models of attention layers share, then the rest."""
    yield "## model"
    yield prose(inspect.getdoc(TransformerOptions) or "")
    yield _keys(TransformerOptions)
    for name, (offer, *_) in sorted(catalog.offers["model"].items()):
        yield f"### model: {name}"
        yield prose(inspect.getdoc(offer.component) or "")
        yield _keys(offer.component, without=option_types(TransformerOptions))


def _keys(options: type, *, without: Iterable[str] = ()) -> str:
    """A table of the keys of a class, but for those that a table above has."""
    rows = [
        (f"`{name}`", _allowed(hint), _default(options, name=name), meaning(options, key=name))
        for name, hint in option_types(options).items()
        if name not in {*without}
    ]
    return markdown_table(["key", "allows", "default", "meaning"], rows=rows)


def meaning(options: type, *, key: str) -> str:
    """The line on a key, which a class that has it declared or a base of it has; empty if none."""
    lines = (MEANINGS.get(base.__name__, {}) for base in options.__mro__)
    return next((said[key] for said in lines if key in said), "")


def _allowed(hint: Any) -> str:
    """The values of a key; those of a component are on a page of their own."""
    values = ", or ".join(map(_allowed_kind, members(hint)))
    size = lengths(hint)
    if size and plain(hint) is str:
        return f"{values}, not empty"
    return f"{values} ({size})" if size else values


def _allowed_kind(hint: Any) -> str:
    bare = plain(hint)
    inner = plain(inner_type(bare, step=0))
    if _is_component(bare):
        return f"[{bare.slot}](components.md#{bare.slot})"
    if _is_component(inner):
        kind = "a mapping" if is_container(bare, base=Mapping) else "a list"
        return f"{kind} of [{inner.slot}](components.md#{inner.slot})"
    return "a mapping" if is_dataclass(bare) else describe(hint)


def _is_component(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Component)


def _default(options: type, *, name: str) -> str:
    """The default of a key; empty if the key is required."""
    if name in FILLED_IN and options is StudyKeys:
        return f"`{shown(DEFAULTS[name])}`" if name in DEFAULTS else "all that apply"
    if name == "regularizers":
        return "`{}`"  # filled in for the baseline
    (option,) = (option for option in fields(options) if option.name == name)
    if option.default is not MISSING:
        return f"`{shown(resolved(option.default))}`"
    if option.default_factory is MISSING:
        return "required"
    default = option.default_factory()
    return "its defaults" if is_dataclass(default) else f"`{shown(resolved(default))}`"
