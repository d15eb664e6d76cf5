"""Losses of TRL's trainers over the updates of a job, for scripts/reference/compare-training.ts.

usage: python compare_training.py JOB.json

The job names trainer ("sft", "reward" or "dpo"), model folder, rows of text in TRL's forms, the token ids that they have to become, and settings.
Prints {"losses": [...], "gradientNorms": [...]} as its last line. Everything is float32; rows keep their order. Losses are caught where
they are computed: what TRL logs is rounded to four digits.
"""

import json
import os
import sys
import tempfile

with open(sys.argv[1]) as file:
    job = json.load(file)
os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false", OMP_NUM_THREADS=str(job["threads"]))

import torch
import trl
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer

torch.set_num_threads(job["threads"])
settings = job["settings"]
tokenizer = AutoTokenizer.from_pretrained(job["model"])
losses = []


def in_order(trainer_class):
    """The trainer without shuffling, which keeps every loss as it is."""

    class InOrder(trainer_class):
        def _get_train_sampler(self, *args, **kwargs):
            return torch.utils.data.SequentialSampler(self.train_dataset)

        def compute_loss(self, *args, **kwargs):
            result = super().compute_loss(*args, **kwargs)
            losses.append((result[0] if isinstance(result, tuple) else result).item())
            return result

    return InOrder


arguments = dict(
    output_dir=tempfile.mkdtemp(),
    per_device_train_batch_size=settings["batchSize"],
    max_steps=settings["steps"],
    learning_rate=settings["learningRate"],
    adam_beta1=settings["beta1"],
    adam_beta2=settings["beta2"],
    adam_epsilon=settings["epsilon"],
    weight_decay=0.0,
    max_grad_norm=settings["maxGradientNorm"],
    lr_scheduler_type="constant",
    optim="adamw_torch",
    max_length=settings["maxLength"],
    bf16=False,
    gradient_checkpointing=False,
    report_to=[],
    disable_tqdm=True,
    save_strategy="no",
    logging_steps=1,
)
rows = Dataset.from_list(job["rows"])


def language_model():
    return AutoModelForCausalLM.from_pretrained(job["model"], dtype=torch.float32)


if job["trainer"] == "sft":
    trainer = in_order(trl.SFTTrainer)(
        language_model(), args=trl.SFTConfig(**arguments), train_dataset=rows, processing_class=tokenizer
    )
    ids = [[row["input_ids"]] for row in trainer.train_dataset]
elif job["trainer"] == "reward":
    model = AutoModelForSequenceClassification.from_pretrained(job["model"], num_labels=1, dtype=torch.float32)
    trainer = in_order(trl.RewardTrainer)(model, args=trl.RewardConfig(**arguments), train_dataset=rows, processing_class=tokenizer)
    ids = [[row["chosen_ids"], row["rejected_ids"]] for row in trainer.train_dataset]
else:
    trainer = in_order(trl.DPOTrainer)(
        language_model(),
        ref_model=language_model(),
        args=trl.DPOConfig(**arguments, beta=settings["beta"]),
        train_dataset=rows,
        processing_class=tokenizer,
    )
    ids = [[row["prompt_ids"] + row["chosen_ids"], row["prompt_ids"] + row["rejected_ids"]] for row in trainer.train_dataset]

if ids != job["ids"]:
    wrong = next((i for i, (ours, theirs) in enumerate(zip(job["ids"], ids)) if ours != theirs), min(len(ids), len(job["ids"])))
    sys.exit(f"row {wrong} is {ids[wrong:wrong + 1]} to TRL and {job['ids'][wrong:wrong + 1]} to us ({len(ids)} and {len(job['ids'])} rows)")
trainer.train()
norms = [entry["grad_norm"] for entry in trainer.state.log_history if "grad_norm" in entry]
print(json.dumps({"losses": losses, "gradientNorms": norms}))
