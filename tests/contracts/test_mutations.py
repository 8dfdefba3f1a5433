"""The example of each slot, as `harness new plugin` writes it, with one thing wrong is refused."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from harness.cli.new_plugin import KINDS, write_plugin
from harness.components import Component
from harness.testing import check

OPTIONS = {"model": {"d_model": 16, "d_ff": 32, "heads": 2, "layers": 2}}

# (kind, what stands in the example, what stands there instead, words of the fault)
MUTATIONS = [
    ("dataset", "Random(1)", "Random()", "the corpus differs the second time"),
    ("dataset", "test=pairs[_HELD_OUT : 2 * _HELD_OUT]", "test=[]", "test is empty"),
    ("dataset", "return Corpus(", "return dict(", "must build a Corpus, got dict"),
    ("tokenizer", "in corpus.train", "in corpus.test", "learns from validation or test"),
    ("tokenizer", '" ".join', '"".join', "must give the line back"),
    ("tokenizer", "if token >= UNK", "", "decode must leave pad, bos and eos out"),
    ("tokenizer", "def decode(", "def read(", "must build a Codec, got Words, without decode"),
    ("model", "View(causal=True)", "View()", "a later target token changes earlier hidden states"),
    ("model", "source != PAD", "source == source", "than in its batch"),
    ("model", "self.decoded +=", "_ =", "must add every target place that it computes"),
    ("model", "(SequenceModel)", "(torch.nn.Module)", "must build a harness.model.SequenceModel"),
    ("normalization", "mean(-1, keepdim=True)", "mean()", "depends on the others of its batch"),
    ("normalization", "return width", "return 0", "counts 0 parameters, and has 16"),
    ("normalization", "+ self.eps", "", "normalized zeros must be finite"),
    ("feed_forward", "units.relu() ** self.power", "units.softmax(-1)", "depends on the others"),
    ("feed_forward", "units.relu()", "units.log()", "activated units must be finite"),
    ("positions", "queries.numbers[:, :, None]", "0", "must have shape (1, 2, 7, 7)"),
    ("positions", "Distance(PlaceCode)", "Distance", "must build a PlaceCode"),
    ("initializer", "generator=generator_of(name)", "generator=None", "from a global generator"),
    ("initializer", "parameter.fill_(", "print(", "every element of"),
    ("regularizer", ".square().sum()", ".square().mean()", "the penalty must be summed over token"),
    ("regularizer", "return Regularization(", "return dict(", "must build a Regularization, got"),
    ("loss", ".sum()", ".mean()", "must be summed over tokens"),
    ("loss", "wrong**self.focus", "(wrong - 2) ** 0.5", "must be finite"),
    ("optimizer", "[dict(group) for group in groups]", "groups[:1]", "must keep the groups"),
    ("optimizer", "copies, lr=0.0", "copies, lr=0.0, maximise=True", "raised TypeError: "),
    ("parameter_groups", '"embedding" not in name', "True", "is in 2"),
    ("parameter_groups", "self.multiple)", "-1.0)", "a multiple must be a number at least 0"),
    ("schedule", "math.pi *", "2 * math.pi *", "the rate at update 11 must be a number at least"),
    ("decoding_policy", "< self.rate", "< __import__('torch').rand(())", "from a global generator"),
    ("decoding_policy", "return predict_at_real(", "return print(", "raised TypeError"),
    ("decay", "update <= setting.updates / 2", "update > 9", "rises at update 10"),
    ("decay", "1.0 if", "1.5 if", "must be at most 1, got 1.5"),
    ("averaging", '{"count": self._count, **self._sums}', "self._sums", "raised KeyError: 'count'"),
    ("averaging", "def restore(", "def resume(", "got Mean, without restore"),
    ("averaging", "total / self._count", "total", "the average of equal weights must be"),
    ("generation", "else row for", "else [*row, EOS] for", "must not be written, got [2]"),
    ("generation", "for row in rows]", "for row in rows[1:]]", "3 sentences, but 2 translations"),
    ("generation", "writable(", "(", "pad, bos and eos must not be written, got [1]"),
    ("generation", "argmax(-1)", "softmax(-1).multinomial(1)[:, 0]", "from a global generator"),
    ("metric", "higher_is_better = True", "higher_is_better = False", "a better score than that"),
    ("metric", "Score(100 * right", "Score(200 * right", "bounds are 0 to 100, but the references"),
    ("metric", "return Score(", "return (", "must return a Score, got"),
    ("figure", "run.scores[view.metric]", "view.findings[0].p", "cannot draw"),
    ("figure", "figsize=(4.6", "figsize=(9.6", "must be some 4.6 inches wide, and is 9.6"),
    ("figure", "return picture", "return axes", "must return a matplotlib Figure, got"),
    ("tracker", "study.summary", "os.urandom(4).hex()", "copies twice"),
    ("tracker", "out / self.folder", 'out / "runs"', "changes the ledger"),
    ("tracker", "def sync(", "def copy(", "must build a Tracking, got Status, without sync"),
    ("executor", "yield path, status", "yield path, 0", "reports status 0 for a run that wrote no"),
    ("executor", "yield path, status", "yield str(path), 1", "once, as it was submitted, got [('"),
    ("executor", "def logs(", "def output(", "must build Jobs, got Processes, without logs"),
    ("executor", 'log.txt"', 'output.txt"', "logs must end with the error that ended the run"),
    ("executor", "Processes(jobs)", "Processes(None)", "capacity must be at least 1, got None"),
]


def example(kind: str, *, folder: Path, old: str = "", new: str = "") -> Component:
    """The component of a new plugin, with a part of its text replaced."""
    write_plugin(f"odd-{kind}", kind=kind, folder=folder)
    file = folder / f"odd-{kind}" / f"odd_{kind}" / "__init__.py"
    text = file.read_text(encoding="utf-8")
    assert old in text
    module = ModuleType("odd_module")
    sys.modules[module.__name__] = module  # where dataclasses look their annotations up
    exec(compile(text.replace(old, new, 1), str(file), "exec"), vars(module))  # noqa: S102 - of the project
    (component,) = next(
        getattr(module, name)() for name in vars(module) if name.startswith("harness_")
    )
    made: Component = component(**OPTIONS.get(kind, {}))
    return made


@pytest.mark.parametrize(("kind", "old", "new", "fault"), MUTATIONS)
def test_an_example_with_one_thing_wrong_is_refused(
    kind: str, old: str, new: str, fault: str, tmp_path: Path
) -> None:
    component = example(kind, folder=tmp_path, old=old, new=new)
    with pytest.raises(AssertionError) as error:
        check(component)
    assert fault in str(error.value)
    assert f" odd_{kind}: " in str(error.value)


def test_every_slot_has_a_mutation() -> None:
    assert {kind for kind, *_ in MUTATIONS} == {*KINDS}
