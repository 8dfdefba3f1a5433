"""Findings: every variant against the baseline on every metric, each metric a family of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.analysis.contrasts import contrast_families, dropped_comparisons
from harness.analysis.correction import Judgment, judge
from harness.analysis.evidence import Evidence
from harness.analysis.improvement import improvement, interquartile_mean, sides_with_worst
from harness.analysis.inputs import RunResult, ScoredMetric
from harness.analysis.interim import interim_analyses
from harness.analysis.noise_caution import noise_caution
from harness.analysis.pairing import Pairing
from harness.analysis.sentence_intervals import documents_of
from harness.analysis.statistics import mean
from harness.analysis.verdict_text import reason
from harness.contracts import Design, Finding
from harness.study.values import Comparison


def compare(
    results: Sequence[RunResult],
    *,
    variants: Sequence[str],
    seeds: Sequence[int],
    metrics: Sequence[ScoredMetric],
    comparison: Comparison,
    design: Design | None = None,
) -> tuple[Finding, ...]:
    """Judge the planned variants, the primary metric first.

    `variants` and `seeds` are what was planned, not what finished: the baseline is not compared
    with itself, a run without a result is reported as missing, and a variant that cannot be tested
    still counts in its family, with p = 1. The `design` decides which comparisons are made, which
    are corrected together, and after how many seeds they are made.
    """
    assert comparison.primary in [metric.name for metric in metrics]
    design = design or Design()
    runs = {(run.variant, run.seed): run for run in results}
    families = contrast_families(runs, variants=variants, design=design, comparison=comparison)
    findings: list[Finding] = []
    for metric in sorted(metrics, key=lambda metric: metric.name != comparison.primary):
        primary = metric.name == comparison.primary
        for family in families:
            analyses = [
                interim_analyses(
                    contrast,
                    seeds=seeds,
                    metric=metric,
                    comparison=comparison,
                    looks=design.look_factors,
                )
                for contrast in family
            ]
            judgments = judge(
                analyses,
                margin=comparison.margin_of(metric.name),
                dropped=dropped_comparisons(family, design=design),
            )
            findings += [_finding(judgment, primary=primary) for judgment in judgments]
    return tuple(findings)


def _finding(judgment: Judgment, *, primary: bool) -> Finding:
    pairing, evidence = judgment.pairing, judgment.evidence
    baseline, variant = pairing.scores
    baseline_reached, variant_reached = pairing.reached or (None, None)
    interval = evidence.interval or (None, None)
    finding = Finding(
        variant=pairing.variant,
        against=pairing.against,
        kind=pairing.kind,
        metric=pairing.metric.name,
        split=pairing.metric.split or "",
        role="primary" if primary else "exploratory",
        method=pairing.method,
        n=len(variant),
        n_baseline=len(baseline),
        looks=pairing.looks,
        planned=len(pairing.planned),
        finished=pairing.count("finished"),
        failed=pairing.count("failed"),
        diverged=pairing.count("diverged"),
        diverged_baseline=pairing.count("diverged", baseline=True),
        n_ranked=len(pairing.ranks or ()),
        reached=variant_reached,
        baseline_reached=baseline_reached,
        p_diverged=evidence.p_diverged,
        baseline_mean=mean(baseline) if baseline else None,
        variant_mean=mean(variant) if variant else None,
        difference=evidence.difference,
        interval_low=interval[0],
        interval_high=interval[1],
        p=evidence.p,
        p_adjusted=judgment.p_adjusted,
        p_sign_flip=evidence.p_sign_flip,
        p_floor=evidence.p_floor,
        p_ranks=evidence.p_ranks,
        p_max_t=judgment.p_max_t,
        effect_size=evidence.effect_size,
        detectable=evidence.detectable,
        correlation=evidence.correlation,
        margin=judgment.margin,
        p_equivalent=evidence.p_equivalent,
        p_equivalent_adjusted=judgment.p_equivalent_adjusted,
        higher_is_better=pairing.metric.higher_is_better,
        verdict=judgment.verdict,
        reason=reason(judgment),
        family=judgment.family,
        per_seed=pairing.pairs,
    )
    described = replace(_with_runs(finding, pairing=pairing), caution=noise_caution(pairing))
    return _with_intervals(described, evidence=evidence, pairing=pairing)


def _with_intervals(finding: Finding, *, evidence: Evidence, pairing: Pairing) -> Finding:
    """The finding with its other intervals, its runs that ended, and its source."""
    sentences = evidence.sentences
    combined = evidence.combined or (None, None)
    correlated = evidence.correlation_interval or (None, None)
    return replace(
        finding,
        correlation_low=correlated[0],
        correlation_high=correlated[1],
        interval_sentences_low=sentences.low if sentences else None,
        interval_sentences_high=sentences.high if sentences else None,
        combined_low=combined[0],
        combined_high=combined[1],
        p_bootstrap=evidence.p_bootstrap,
        documents=len(set(documents_of(pairing))) if sentences else 0,
        ended=pairing.sizes[1],
        ended_baseline=pairing.sizes[0],
        ended_pairs=pairing.ended_pairs,
        of_table=pairing.of_table,
    )


def _with_runs(finding: Finding, *, pairing: Pairing) -> Finding:
    """The finding with what describes both sides' runs beside their means."""
    baseline, variant = pairing.scores
    if pairing.kind == "effect":  # an effect's sides are no runs
        return finding
    higher = pairing.metric.higher_is_better
    reference, ours = sides_with_worst(pairing) or (baseline, variant)
    wins = improvement(ours, baseline=reference, higher_is_better=higher)
    return replace(
        finding,
        improvement=wins.probability if wins else None,
        improvement_low=wins.low if wins else None,
        improvement_high=wins.high if wins else None,
        baseline_iqm=interquartile_mean(baseline) if baseline and variant else None,
        variant_iqm=interquartile_mean(variant) if baseline and variant else None,
    )
