"""LoRA adapters made by PEFT on the tiny checkpoints of make_model_fixtures.py, with what they compute.

    python scripts/reference/make_adapter_fixtures.py MODELS_DIR OUT_DIR

Needs torch, transformers, safetensors and peft (made with 2.9.1, 4.57.3, 0.8.0 and 0.17.1). OUT_DIR/NAME gets adapter_config.json and
adapter_model.safetensors as `save_pretrained` writes them, and reference.safetensors:
    ids [rows, time] int32, padded on the right; lengths [rows] int32, as the checkpoint's reference has them
    logits [rows, time, vocab] with the adapter, 0 beyond a row's length; for a scalar head: scores [rows]
    loss []: as in make_model_fixtures.py
    grad.PARAMETER: gradient of `loss`, by the names of adapter_model.safetensors
Everything is computed in float32 on one thread.
"""

import json
import shutil
import sys
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

# name: (checkpoint, is its head scalar, settings of the adapter)
FIXTURES = {
    "llama": ("llama", False, dict(r=3, lora_alpha=7, target_modules=["q_proj", "v_proj", "down_proj"])),
    "qwen3": ("qwen3", False, dict(r=2, lora_alpha=4, target_modules="all-linear", use_rslora=True)),
    "gpt2": ("gpt2", False, dict(r=3, lora_alpha=6, target_modules=["c_attn", "c_proj"], fan_in_fan_out=True)),
    "gpt2-classifier": ("gpt2-classifier", True, dict(r=2, lora_alpha=3, target_modules=["c_attn"], fan_in_fan_out=True)),
}


def make(name: str, models: Path, folder: Path) -> None:
    checkpoint, scalar, settings = FIXTURES[name]
    auto = AutoModelForSequenceClassification if scalar else AutoModelForCausalLM
    base = auto.from_pretrained(models / checkpoint, dtype=torch.float32, attn_implementation="eager").eval()
    model = get_peft_model(base, LoraConfig(task_type="SEQ_CLS" if scalar else "CAUSAL_LM", **settings)).eval()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            if "lora_" in key or "modules_to_save" in key:
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.25)
    given = load_file(models / checkpoint / "reference.safetensors")
    ids, lengths = given["ids"].long(), given["lengths"].tolist()
    reference = {"ids": given["ids"], "lengths": given["lengths"]}
    if scalar:
        mask = torch.tensor([[1] * n + [0] * (ids.shape[1] - n) for n in lengths])
        scores = model(input_ids=ids, attention_mask=mask).logits[:, 0]
        reference["scores"] = scores.detach()
        loss = (scores**2).mean()
    else:
        logits = torch.zeros(*ids.shape, base.config.vocab_size)
        losses = []
        for index, n in enumerate(lengths):
            own = model(input_ids=ids[index : index + 1, :n]).logits[0]
            logits[index, :n] = own.detach()
            losses.append(torch.nn.functional.cross_entropy(own[:-1], ids[index, 1:n], reduction="none"))
        reference["logits"] = logits
        loss = torch.cat(losses).mean()
    loss.backward()
    reference["loss"] = loss.detach()
    gradients = {key: parameter.grad for key, parameter in model.named_parameters() if parameter.requires_grad}
    reference.update({f"grad.{key}": value for key, value in get_peft_model_state_dict(model, gradients).items()})
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder, save_embedding_layers=False)
    (folder / "README.md").unlink(missing_ok=True)
    # where the checkpoint lay says nothing to others; sets have no order
    written = json.loads((folder / "adapter_config.json").read_text())
    written |= {"base_model_name_or_path": checkpoint, "target_modules": sorted(written["target_modules"])}
    (folder / "adapter_config.json").write_text(json.dumps(written, indent=2) + "\n")
    save_file({key: value.contiguous() for key, value in reference.items()}, folder / "reference.safetensors")
    print(f"{name}: loss {loss.item():.6f}, {sum(file.stat().st_size for file in folder.iterdir())} bytes")


def main() -> None:
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    for name in FIXTURES:
        make(name, Path(sys.argv[1]), Path(sys.argv[2]) / name)


main()
