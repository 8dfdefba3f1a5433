"""The meaning of every key of a study, a line each, by the class that has it."""

from __future__ import annotations

from collections.abc import Mapping

MEANINGS: Mapping[str, Mapping[str, str]] = {
    "StudyKeys": {
        "question": "The question that the study answers; the report opens with it.",
        "baseline": "[All the choices](#baseline-variants-and-pretraining) of the training that "
        "variants are compared with.",
        "variants": "A name and [the changes against the "
        "baseline](#baseline-variants-and-pretraining) for each variant.",
        "grid": "One option by its path, and its values, each a variant: `{regularizers.dropout: "
        "[0.0, 0.1]}`.",
        "factors": "In place of `variants`: factors, their levels, and the changes of each; "
        "every combination is trained.",
        "datasets": "Further corpora, by name, on each of which everything is trained too.",
        "seeds": "[The seeds](#seeds), which every variant is trained with.",
        "metrics": "Scores of the generated text, and costs, in addition to the core's own.",
        "pretraining": "[Trainings](#baseline-variants-and-pretraining) that variants start from "
        "or use, by name; once per seed, not compared.",
        "figures": "The figures of the report.",
        "compare": "[The comparison](#compare): the primary metric, the test, the margin.",
        "tune": "[The option that every variant tunes](#tune) before it is compared.",
        "executor": "Where runs are carried out; it changes no result.",
        "trackers": "Where copies of the runs are kept to be watched; `[]` for nowhere.",
        "plugins": "Python files with components of your own, relative to the file that "
        "names them: `[./my_loss.py]`. They are executed.",
        "include": "Other YAML files with keys of this study, which are [beneath its own]"
        "(#included-files).",
    },
    "Experiment": {
        "dataset": "The corpus: sentence pairs, or texts, in three splits.",
        "tokenizer": "Text to token ids and back; its vocabulary is learned from the training "
        "split.",
        "model": "[The network](#model).",
        "initializer": "The initial weights.",
        "regularizers": "Dropout, penalties, adapters, changes to gradients and weights, by "
        "name; `{}` for none.",
        "loss": "The training objective.",
        "optimizer": "Gradients to steps.",
        "parameter_groups": "A multiple of the learning rate for each group of parameters.",
        "schedule": "The learning rate, update by update.",
        "decoding_policy": "What the decoder reads in training: reference tokens, or its own.",
        "averaging": "An average of the weights, evaluated in their place.",
        "generation": "How the trained model writes: greedy, beam, sampling and others.",
        "budget": "[How much is trained](#budget), on what.",
        "replicate": "Another number gives other noise with the same initial weights: the noise "
        "floor.",
        "starts_from": "An entry of `pretraining`, or the folder of an exported model "
        "(`./base`), whose weights and vocabulary are taken.",
    },
    "Budget": {
        "updates": "Updates of the weights; 0 scores an untrained model.",
        "batch_tokens": "The most target tokens in a batch, eos included, padding not.",
        "evaluate_every": "Updates between two evaluations on the validation split.",
        "accumulation": "Batches whose gradients make one update.",
        "threads": "Threads of each run, whatever the number of jobs.",
        "device": "Where the model is trained and scored.",
        "precision": "What passes compute in; with `bfloat16` weights and scores stay in float32.",
        "parallel": "Processes that carry out one run together, on one machine; with `exact`, "
        "their number changes no result.",
        "gradient_norms": "Measure the gradient of every layer too; changes no result.",
    },
    "Comparison": {
        "primary": "The metric that verdicts are on; on others they are exploratory.",
        "against": "What variants are compared with: the baseline, or each other as well.",
        "method": "The test.",
        "diverged": "Runs that diverged: left out, or ranked last.",
        "margin": "The largest difference that would not matter, of the primary metric or by "
        "metric; it allows the verdict *equivalent*.",
        "must_stay_equal": "What no variant may change as a side effect; a study that would is "
        "refused.",
    },
    "Stopping": {
        "least": "Seeds of every variant at first.",
        "most": "Seeds at most; above `least`.",
        "until": "The end of a variant's seeds: its verdict.",
        "step": "Seeds between two looks; by default a third of the way.",
    },
    "TuningOptions": {
        "grid": "The option by its path, and the values that every variant tries.",
        "seeds": "Trials of each value.",
        "choice": "One choice for each seed of the study, or one for all of them.",
    },
    "Architecture": {
        "d_model": "The width of the hidden states.",
    },
    "TransformerOptions": {
        "d_ff": "Units of each feed-forward network.",
        "heads": "Heads of each attention; they divide `d_model`.",
        "layers": "Layers of each stack.",
        "norm": "The place of normalizations: before each sublayer, or after its residual sum.",
        "final_norm": "A normalization after the last layer; by default with `pre` only.",
        "normalization": "The kind of normalization.",
        "feed_forward": "The activation of the feed-forward networks, gated or not.",
        "positions": "How the model knows the order of tokens.",
        "kv_heads": "Heads of keys and values; by default as many as `heads`.",
        "qk_norm": "Normalize the queries and keys of each head.",
        "window": "Places that a query of causal self-attention sees; by default all before it.",
        "bias": "Biases of matrices and normalizations.",
    },
    "EncoderDecoder": {
        "encoder_layers": "Layers of the encoder, in place of `layers`.",
        "decoder_layers": "Layers of the decoder, in place of `layers`.",
        "tie": "The output projection is the target's embedding, or also the source's.",
    },
    "DecoderOnly": {
        "prefix": "Source places see each other, also those after them.",
        "one_embedding": "One embedding for both sides; by default where they share a vocabulary.",
        "tie": "The output projection is the target's embedding.",
    },
}
