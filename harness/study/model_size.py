"""The number of a model's parameters, from its options alone, without torch."""

from __future__ import annotations

from harness.study.experiment import ModelOptions

MOST_PARAMETERS = 2_000_000_000  # Adam keeps 16 bytes for each in single precision: 32 GB
SPECIAL_CLASSES = 4  # of every vocabulary


def parameter_count(options: ModelOptions, *, source_classes: int, target_classes: int) -> int:
    """The parameters of a Transformer before any regularizer adds to it."""
    width = options.d_model
    norm, attention = 2 * width, 4 * (width + 1) * width
    feed_forward = (width + 1) * options.d_ff + (options.d_ff + 1) * width
    encoder_layer = attention + feed_forward + 2 * norm
    decoder_layer = 2 * attention + feed_forward + 3 * norm
    final = options.norm == "pre" if options.final_norm is None else options.final_norm
    rows = source_classes + target_classes  # of the embeddings, whose matrices `tie` merges
    rows += {"none": target_classes, "target": 0, "all": -target_classes}[options.tie]
    return (
        (options.encoder_layers or options.layers) * encoder_layer
        + (options.decoder_layers or options.layers) * decoder_layer
        + 2 * norm * final
        + rows * width
        + target_classes  # the biases of the logits
    )


def size_fault(options: ModelOptions, *, source_classes: int, target_classes: int) -> str | None:
    """The reason that a model is not built, with the way out; None for one within the limit."""
    count = parameter_count(options, source_classes=source_classes, target_classes=target_classes)
    if count <= MOST_PARAMETERS:
        return None
    return (
        f"the model would have {count:.3g} parameters, more than the limit of {MOST_PARAMETERS:g}; "
        "lower d_model, d_ff, the layers or the vocabulary"
    )
