"""Compares the logits of a saved folder with what Hugging Face transformers computes from it.

    python scripts/reference/check_saved_model.py MODEL_DIR LOGITS.safetensors [MODEL_DIR LOGITS.safetensors ...]

LOGITS.safetensors is what `plumbline logits --out` writes: ids, lengths and logits, or scores of a model with a scalar head. Prints one JSON
object a model with the largest difference; exit code 1 where one is above 1e-4 or where transformers misses a tensor or does not know one.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

TOLERANCE = 1e-4


def check(folder: Path, outputs: dict[str, torch.Tensor]) -> bool:
    scalar = "scores" in outputs
    auto = AutoModelForSequenceClassification if scalar else AutoModelForCausalLM
    model, loading = auto.from_pretrained(folder, dtype=torch.float32, output_loading_info=True)
    model.eval()
    largest = 0.0
    with torch.no_grad():
        for row, length in enumerate(outputs["lengths"].tolist()):
            ids = outputs["ids"][row : row + 1, :length].long()
            if scalar:
                hidden = model.base_model(ids, attention_mask=torch.ones_like(ids)).last_hidden_state
                expected, ours = model.score(hidden)[0, :, 0], outputs["scores"][row, :length]
            else:
                expected, ours = model(ids).logits[0], outputs["logits"][row, :length]
            largest = max(largest, (expected - ours).abs().max().item())
    strange = {key: sorted(loading[key]) for key in ("missing_keys", "unexpected_keys", "mismatched_keys") if loading[key]}
    print(json.dumps({"model": folder.name, "architecture": type(model).__name__, "largestDifference": largest, **strange}))
    return largest <= TOLERANCE and not strange


def main() -> int:
    paths = [Path(argument) for argument in sys.argv[1:]]
    if not paths or len(paths) % 2:
        raise SystemExit(__doc__)
    good = [check(folder, load_file(outputs)) for folder, outputs in zip(paths[::2], paths[1::2])]
    return 0 if all(good) else 1


sys.exit(main())
