"""Forward and backward of one training step against torch.nn.Transformer, in one process.

``python benchmarks/step.py``. Quote the ratio: absolute times are the machine's.
"""

from __future__ import annotations

import time
from statistics import median

import torch

from harness_models.encoder_decoder import EncoderDecoder
from harness_models.transformer import Transformer

CLASSES, SENTENCES, LENGTH, REPEATS = 300, 64, 13, 30


def ours(d_model: int):
    """A step of our model, with small normal weights."""
    options = EncoderDecoder(d_model=d_model, d_ff=4 * d_model, heads=4, layers=2)
    model = Transformer(options, source_classes=CLASSES, target_classes=CLASSES)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.02)

    def step(source: torch.Tensor, target: torch.Tensor) -> None:
        hidden = model.decode(model.embed(target), model.encode(source))
        model.project(hidden).logsumexp(-1).sum().backward()

    return step


def theirs(d_model: int):
    """A step of torch's stacks, between the same embeddings and projection."""
    # norm_first, because our layers are pre-norm by default.
    model = torch.nn.Transformer(
        d_model, 4, 2, 2, 4 * d_model, dropout=0.0, batch_first=True, norm_first=True
    )
    source_table, target_table = (torch.nn.Embedding(CLASSES, d_model) for _ in range(2))
    projection = torch.nn.Linear(d_model, CLASSES)
    mask = torch.nn.Transformer.generate_square_subsequent_mask(LENGTH)

    def step(source: torch.Tensor, target: torch.Tensor) -> None:
        hidden = model(
            source_table(source), target_table(target), tgt_mask=mask, tgt_is_causal=True
        )
        # As in ours: a loss that needs no targets.
        projection(hidden).logsumexp(-1).sum().backward()

    return step


def main() -> None:
    """Print the ratio for a few widths."""
    torch.set_num_threads(1)
    for d_model in (64, 128, 256):
        steps = {"ours": ours(d_model), "torch": theirs(d_model)}
        source, target = (torch.randint(4, CLASSES, (SENTENCES, LENGTH)) for _ in range(2))
        times: dict[str, list[float]] = {name: [] for name in steps}
        for _ in range(REPEATS):
            for name, step in steps.items():
                started = time.perf_counter()
                step(source, target)
                times[name].append(time.perf_counter() - started)
        # The first three warm up.
        mine, other = (median(times[name][3:]) for name in steps)
        pace = f"ours {mine * 1e3:.1f} ms, torch {other * 1e3:.1f} ms"
        print(f"d_model {d_model}: {pace}, ratio {mine / other:.2f}")


if __name__ == "__main__":
    main()
