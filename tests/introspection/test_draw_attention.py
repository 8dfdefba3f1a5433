from __future__ import annotations

from pathlib import Path

import pytest
import torch
from support.finished_run import planned
from support.tiny_experiment import experiment

from harness.contracts import BOS
from harness.errors import HarnessError
from harness.introspection.attention import attention
from harness.introspection.draw_attention import attention_maps, draw_attention
from harness.introspection.translation import generate_tokens, source_tokens, token_texts
from harness.report.style import style
from harness.runs.restored import RestoredRun, restore_run
from harness.training.assembly import assemble
from harness_models.decoder_only import DecoderOnly


@pytest.fixture(scope="module")
def trained(finished: Path) -> RestoredRun:
    return restore_run(finished / "results" / "runs" / planned(finished).digest)


def test_maps_show_the_sentence_and_its_translation(trained: RestoredRun) -> None:
    line = trained.corpus.test[0].source
    own = generate_tokens(trained, line=line)
    source = source_tokens(trained, line=line)
    by_site = attention(trained.model, source, target=torch.tensor([[BOS, *own]]))
    encoder, decoder, cross = attention_maps(trained, line=line, heads=[1])
    for drawn, place in [
        (encoder, "encoder.0.self_attention"),
        (decoder, "decoder.0.self_attention"),
        (cross, "decoder.0.cross_attention"),
    ]:
        assert torch.equal(torch.tensor(drawn.values), by_site[place][0, 1])
        assert drawn.title.endswith("layer 0, head 1")
    read = token_texts(trained.codecs.source, tokens=source[0].tolist())
    fed = token_texts(trained.codecs.target, tokens=[BOS, *own])
    assert (encoder.rows, encoder.columns) == (read, read)
    assert (decoder.rows, decoder.columns) == (fed, fed)
    assert (cross.rows, cross.columns) == (fed, read)


def test_without_a_head_the_map_is_the_mean_of_all(trained: RestoredRun) -> None:
    line = trained.corpus.test[0].source
    mean = attention_maps(trained, line=line)[2]
    first, second = (attention_maps(trained, line=line, heads=[head])[2] for head in (0, 1))
    both = (torch.tensor(first.values) + torch.tensor(second.values)) / 2
    torch.testing.assert_close(torch.tensor(mean.values), both)
    assert mean.title.endswith("mean of 2 heads")


def test_a_missing_layer_or_head_is_refused(trained: RestoredRun) -> None:
    with pytest.raises(HarnessError, match="no layer 1 in the encoder; there are 0 to 0"):
        attention_maps(trained, line="Ja", layer=1)
    with pytest.raises(HarnessError, match="no head -1 in the model; there are 0 to 1"):
        attention_maps(trained, line="Ja", heads=[-1])


def test_the_drawing_has_a_row_per_head_and_names_the_run(trained: RestoredRun) -> None:
    with style("attention"):
        drawn = draw_attention(trained, line="Ja", heads=[0, 1])
    titled = [axes.get_title() for axes in drawn.axes if axes.get_title()]
    assert len(titled) == 6
    assert trained.name in drawn.get_suptitle()


def test_a_model_of_one_stack_has_one_map_of_source_and_target() -> None:
    model = DecoderOnly(d_model=16, d_ff=32, heads=2, layers=2)
    parts = assemble(experiment(model=model), seed=1)
    run = RestoredRun(digest="x" * 64, parts=parts, generation=parts.experiment.generation)
    line = run.corpus.test[0].source
    (both,) = attention_maps(run, line=line, layer=1, heads=[0])
    read = token_texts(run.codecs.source, tokens=source_tokens(run, line=line)[0].tolist())
    fed = token_texts(run.codecs.target, tokens=[BOS, *generate_tokens(run, line=line)])
    assert both.rows == both.columns == (*read, *fed)
    weights = torch.tensor(both.values)
    torch.testing.assert_close(weights.sum(-1), torch.ones(len(both.rows)))
    assert not weights.triu(1).any()
