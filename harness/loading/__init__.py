"""YAML to a study: every name, type and range checked, all faults at once, each with its place.

Messages, by the module that words them:

- `yaml_file`: the file itself: missing, too large, not UTF-8, not YAML, tags, aliases, depth
- `yaml_nodes`: keys of the YAML: duplicate keys, merge keys, keys that are not names
- `validation_errors`: one value: its type, its range, a missing or an unknown option
- `validation`: components: their form, and regularizers that cannot be combined
- `study_rules`: several keys of a study: `variants`, `grid`, `factors`, metrics, repeated entries
- `ignored`: options that others of the same component leave without effect
- `overrides`: a variant against the baseline: unknown options, regularizers it cannot turn off
- `variants`: names that are taken, variants that equal the baseline or each other
- `names`, `grid`, `factors`, `crossed_corpora`, `tuning`, `pretraining`: the part of a study that
  each is named after
- `included_files`: a study that is no mapping, and files that it includes
- `study_file`, `written_paths`: other files that it names
- `component_text`: a component on the command line

Types and bounds in words ("a whole number above 0") and suggestions ("did you mean ...?") come from
`harness.registry.option_types`, unknown components ("no loss named ...") from
`harness.registry.catalog`. An error that needs the data or a model is
worded by the code that finds it.
"""

from __future__ import annotations

from harness.loading.component_text import parse_component
from harness.loading.names import VARIANT_NAME
from harness.loading.study_file import StudyKeys, load, plugins_for, study_error, written_study

__all__ = [
    "VARIANT_NAME",
    "StudyKeys",
    "load",
    "parse_component",
    "plugins_for",
    "study_error",
    "written_study",
]
