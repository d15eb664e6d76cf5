"""Tiny random-weight checkpoints of every supported architecture, with what Hugging Face transformers computes from them.

    python scripts/reference/make_model_fixtures.py OUT_DIR [NAME ...]

Needs torch, transformers and safetensors (made with 2.9.1, 4.57.3, 0.8.0). OUT_DIR/NAME gets the folder that `save_pretrained` writes and
reference.safetensors:
    ids [rows, time] int32, padded on the right; lengths [rows] int32
    logits [rows, time, vocab]; rows are computed one by one, what lies beyond a row's length is 0
    row_loss [rows], loss []: mean negative log-likelihood in nats of a row's tokens after its first, and of all rows' tokens
    grad.PARAMETER: gradient of `loss`, by the names of the checkpoint
    greedy [rows, 24] int32: the most probable continuation of each row
For a scalar head: scores [rows], loss [] = mean of scores^2, and its gradients. Everything is computed in float32 on one thread.
"""

import shutil
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    GPT2Config,
    LlamaConfig,
    MistralConfig,
    Qwen2Config,
    Qwen3Config,
)

VOCABULARY = 43
CONTEXT = 64
NEW_TOKENS = 24
LENGTHS = (14, 5, 9)
# a smaller gap between the two best tokens could be decided by rounding
LEAST_GAP = 1e-3

shape = dict(
    vocab_size=VOCABULARY,
    hidden_size=32,
    intermediate_size=36,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    max_position_embeddings=CONTEXT,
    pad_token_id=0,
    bos_token_id=1,
    eos_token_id=2,
    tie_word_embeddings=False,
)
gpt2_shape = dict(
    vocab_size=VOCABULARY, n_positions=CONTEXT, n_embd=32, n_layer=2, n_head=4, n_inner=36, pad_token_id=0, bos_token_id=1, eos_token_id=2
)
llama3 = dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=16)
yarn = dict(rope_type="yarn", factor=4.0, original_max_position_embeddings=16)

# name: (configuration, element type of the file, gradients kept, further choices)
FIXTURES = {
    "llama": (LlamaConfig(**shape), torch.float32, True, {}),
    "llama-llama3": (LlamaConfig(**shape, rope_theta=500.0, rope_scaling=llama3), torch.float16, True, {}),
    "llama-linear": (LlamaConfig(**shape, rope_scaling=dict(rope_type="linear", factor=4.0)), torch.float16, False, {}),
    "llama-yarn": (LlamaConfig(**shape, rope_theta=500.0, rope_scaling=yarn), torch.float16, True, {}),
    "llama-biases": (LlamaConfig(**shape, attention_bias=True, mlp_bias=True), torch.float16, True, {}),
    "llama-sharded": (LlamaConfig(**shape), torch.float32, False, {"max_shard_size": "24KB"}),
    "mistral": (MistralConfig(**shape, sliding_window=None, head_dim=12), torch.float16, True, {}),
    "qwen2": (Qwen2Config(**shape), torch.float16, True, {}),
    "qwen3": (Qwen3Config(**shape, head_dim=12), torch.float32, True, {}),
    "smollm": (LlamaConfig(**{**shape, "tie_word_embeddings": True}), torch.bfloat16, True, {}),
    "gpt2": (GPT2Config(**gpt2_shape), torch.float32, True, {}),
    "gpt2-bare": (GPT2Config(**gpt2_shape, activation_function="gelu"), torch.float16, False, {"bare": True}),
    "llama-classifier": (LlamaConfig(**shape, num_labels=1), torch.float16, False, {"scalar": True}),
    "gpt2-classifier": (GPT2Config(**gpt2_shape, num_labels=1), torch.float16, True, {"scalar": True}),
}


def randomise(model: torch.nn.Module, generator: torch.Generator, dtype: torch.dtype) -> None:
    """Large enough that attention is far from uniform; rounded to what the file can hold, so that the reference has the file's values."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator) * 0.25
            is_norm = parameter.dim() == 1 and name.endswith("weight")
            parameter.copy_((noise + (1.0 if is_norm else 0.0)).to(dtype).float())


def token_rows(generator: torch.Generator) -> list[torch.Tensor]:
    return [torch.cat([torch.tensor([1]), torch.randint(3, VOCABULARY, (n - 1,), generator=generator)]) for n in LENGTHS]


def padded(rows: list[torch.Tensor]) -> torch.Tensor:
    out = torch.zeros(len(rows), max(LENGTHS), dtype=torch.int32)
    for index, row in enumerate(rows):
        out[index, : len(row)] = row
    return out


def greedy(model: torch.nn.Module, row: torch.Tensor) -> list[int]:
    ids = row.tolist()
    for _ in range(NEW_TOKENS):
        best = model(torch.tensor([ids]), use_cache=False).logits[0, -1].topk(2)
        if (best.values[0] - best.values[1]).item() < LEAST_GAP:
            raise ValueError("the two best tokens are too close")
        ids.append(best.indices[0].item())
    return ids[len(row) :]


def language_reference(model: torch.nn.Module, rows: list[torch.Tensor]) -> dict[str, torch.Tensor]:
    logits = torch.zeros(len(rows), max(LENGTHS), VOCABULARY)
    losses = []
    for index, row in enumerate(rows):
        own = model(row[None]).logits[0]
        logits[index, : len(row)] = own.detach()
        losses.append(torch.nn.functional.cross_entropy(own[:-1], row[1:], reduction="none"))
    loss = torch.cat(losses).mean()
    loss.backward()
    with torch.no_grad():
        continuations = torch.tensor([greedy(model, row) for row in rows], dtype=torch.int32)
    return {
        "logits": logits,
        "row_loss": torch.stack([each.mean() for each in losses]).detach(),
        "loss": loss.detach(),
        "greedy": continuations,
    }


def scalar_reference(model: torch.nn.Module, rows: list[torch.Tensor]) -> dict[str, torch.Tensor]:
    ids = padded(rows).long()
    mask = torch.tensor([[1] * n + [0] * (max(LENGTHS) - n) for n in LENGTHS])
    scores = model(ids, attention_mask=mask).logits[:, 0]
    loss = (scores**2).mean()
    loss.backward()
    return {"scores": scores.detach(), "loss": loss.detach()}


def make(name: str, folder: Path) -> None:
    config, dtype, keep_gradients, choices = FIXTURES[name]
    config._attn_implementation = "eager"
    auto = AutoModelForSequenceClassification if choices.get("scalar") else AutoModelForCausalLM
    for seed in range(100):
        generator = torch.Generator().manual_seed(seed)
        model = auto.from_config(config).float().eval()
        randomise(model, generator, dtype)
        rows = token_rows(generator)
        try:
            reference = (scalar_reference if choices.get("scalar") else language_reference)(model, rows)
            break
        except ValueError:
            continue
    else:
        raise SystemExit(f"{name}: no seed keeps the two best tokens apart")
    reference["ids"] = padded(rows)
    reference["lengths"] = torch.tensor(LENGTHS, dtype=torch.int32)
    if keep_gradients:
        # transformers names a tied matrix once, and so does the checkpoint
        reference.update({f"grad.{key}": parameter.grad.clone() for key, parameter in model.named_parameters()})
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    stored = (model.transformer if choices.get("bare") else model).to(dtype)
    stored.save_pretrained(folder, max_shard_size=choices.get("max_shard_size", "5GB"))
    (folder / "generation_config.json").unlink(missing_ok=True)
    save_file({key: value.contiguous() for key, value in reference.items()}, folder / "reference.safetensors")
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(f"{name}: seed {seed}, loss {reference['loss'].item():.6f}, {size} bytes")


def main() -> None:
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    for name in sys.argv[2:] or FIXTURES:
        make(name, Path(sys.argv[1]) / name)


main()
