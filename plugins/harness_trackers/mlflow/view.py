"""The default view of MLflow's page: runs grouped by variant; bars, lines, parallel coordinates.

MLflow stores a view as a tag of the experiment; the end of the tag's name is the key in its link.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Any

from harness.contracts import CORE_METRICS, StudyView
from harness_trackers.mlflow.colors import grouping_tag
from harness_trackers.mlflow.limits import accepted_name

_KEY = "harness"
VIEW_TAG = f"mlflow.sharedViewState.{_KEY}"
_MAX_GROUPS = 100  # in a chart
_MAX_AXES = 6  # of options, in parallel coordinates
_MAX_COLUMNS = 10_000  # characters; MLflow accepts 20,000 for the whole view

# Fields shared by both kinds of chart.
_COMMON: Mapping[str, Any] = {
    "deleted": False,
    "isGenerated": False,
    "runsCountToCompare": _MAX_GROUPS,
    "metricSectionId": "harness",
}


def link(root: str, *, experiment: str) -> str:
    """The address of the stored view."""
    page = f"{root.rstrip('/')}/#/experiments/{experiment}/runs"
    # MLflow's pages for model training; the others are for prompts and chats.
    return f"{page}?viewStateShareKey={_KEY}&compareRunsMode=CHART&workflowType=machine_learning"


def stored_view(study: StudyView) -> str:
    """The view in MLflow's own JSON format."""
    variants = list(dict.fromkeys(run.variant for run in study.runs))
    state = {
        "searchFilter": "tags.`harness.kind` = 'run' and tags.`harness.current` = 'true'",
        "orderByKey": "attributes.start_time",
        "orderByAsc": True,
        "groupBy": {
            "aggregateFunction": "average",
            "groupByKeys": [{"mode": "tag", "groupByData": grouping_tag(variants)}],
        },
        "runsHiddenMode": "SHOW_ALL",
        "useGroupedValuesInCharts": True,
        "selectedColumns": _columns(study),
        "compareRunSections": [
            {
                "uuid": "harness",
                "name": study.name,
                "display": True,
                "isReordered": True,
                "deleted": False,
                "isGenerated": False,
            }
        ],
        "compareRunCharts": _charts(study),
        "isAccordionReordered": True,
    }
    view = {"name": "harness", "createdAt": 0, "state": json.dumps(state)}
    return json.dumps(view)


def _columns(study: StudyView) -> list[str]:
    known = {name for run in study.runs for name in run.scores}.union(CORE_METRICS)
    metrics = [study.primary, *sorted(known - {study.primary})]
    options = study.runs[0].options if study.runs else {}
    columns = [
        "tags.`outcome`",
        *(f"tags.`{name}`" for name in ("device", "peak_memory_mib", "gpu_utilization")),
        *(f"metrics.`{accepted_name(f'final/{name}')}`" for name in metrics),
        *(f"params.`{accepted_name(name)}`" for name in options),
    ]
    lengths = accumulate(len(json.dumps(json.dumps(column))) for column in columns)
    return [column for column, end in zip(columns, lengths, strict=True) if end <= _MAX_COLUMNS]


def _charts(study: StudyView) -> list[Mapping[str, Any]]:
    primary = accepted_name(f"final/{study.primary}")
    return [
        {
            **_COMMON,
            "uuid": "primary",
            "type": "BAR",
            "metricKey": primary,
            "displayName": f"{study.primary} of finished runs",
        },
        *(
            {
                **_COMMON,
                "uuid": uuid,
                "type": "LINE",
                "metricKey": metric,
                "selectedMetricKeys": [metric],
                "displayName": name,
                "xAxisKey": "step",
                "xAxisScaleType": "linear",
                "scaleType": "linear",
                "lineSmoothness": 0,
                "selectedXAxisMetricKey": "",
                "range": {},
                "yAxisKey": "metric",
                "selectedYAxisMetricKey": [metric],
                "yAxisExpressions": [],
            }
            for uuid, metric, name in (
                ("nll", "validation/nll", "nll on the validation split"),
                ("loss", "train/loss", "training loss"),
            )
        ),
        *_charts_of_numbers(study),
    ]


def _charts_of_numbers(study: StudyView) -> Iterator[Mapping[str, Any]]:
    """Charts of the options that are a number in every run; of words, MLflow knows no average."""
    names = [accepted_name(name) for name in _numeric_options(study)]
    score = accepted_name(f"final/{study.primary}")
    if names:
        yield {
            **_COMMON,
            "uuid": "parallel",
            "type": "PARALLEL",
            "selectedParams": names[:_MAX_AXES],
            "selectedMetrics": [score],
            "showAllRuns": True,
            "displayName": f"options and {study.primary}",
        }
    if len(names) > 1:
        axes = (("xaxis", "PARAM", names[0]), ("yaxis", "PARAM", names[1]))
        yield {
            **_COMMON,
            "uuid": "contour",
            "type": "CONTOUR",
            **{axis: {"key": key, "type": kind} for axis, kind, key in axes},
            "zaxis": {"key": score, "type": "METRIC"},
            "displayName": f"{study.primary} by two options",
        }


def _numeric_options(study: StudyView) -> list[str]:
    names = study.runs[0].options if study.runs else ()
    return [name for name in names if all(_is_number(run.options[name]) for run in study.runs)]


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
