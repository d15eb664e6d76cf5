"""The other side of the training benchmark: TRL's trainers on random weights and random tokens.

usage: python training_trl.py sft|reward|rankings|dpo|ppo A|S REPETITIONS [threads]

sft: 8 texts of 128 tokens an update. reward: 8 pairs of 128 tokens a side. rankings: 8 rankings of 4 answers, 64 tokens each, to prompts of
64 tokens; this trainer knows pairs only, so that each ranking is its 6 pairs and an update 48 of them. dpo: 8 pairs of answers of 64 tokens
to prompts of 64, the reference in memory. ppo: 32 answers of 64 tokens to prompts of 64, 4 epochs of minibatches of 8; policy, reference,
value and reward model have the same size. float32, AdamW, no gradient checkpointing. The first repetitions are not counted.
Prints {"seconds": [...], "units": n, "cpuMs": n, "phases": null or {"generate", "score", "update"}}; phases are seconds of the fastest one.
"""

import copy
import json
import os
import random
import sys
import tempfile
import time

what, size, repetitions = sys.argv[1], sys.argv[2], int(sys.argv[3])
threads = int(sys.argv[4]) if len(sys.argv) > 4 else os.cpu_count()
os.environ.update(OMP_NUM_THREADS=str(threads), HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false", TRL_EXPERIMENTAL_SILENCE="1")

import torch
import trl
from datasets import Dataset
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, LlamaConfig, PreTrainedTokenizerFast, TrainerCallback

torch.set_num_threads(threads)
torch.manual_seed(0)
draw = random.Random(0)
shape = {
    "A": dict(hidden_size=256, num_hidden_layers=4, num_attention_heads=4, intermediate_size=1024, vocab_size=2048),
    "S": dict(hidden_size=288, num_hidden_layers=6, num_attention_heads=6, intermediate_size=768, vocab_size=32000),
}[size]
config = LlamaConfig(
    **shape,
    num_key_value_heads=shape["num_attention_heads"],
    max_position_embeddings=1024,
    tie_word_embeddings=True,
    pad_token_id=0,
    bos_token_id=1,
    eos_token_id=2,
)
special = ["<pad>", "<s>", "</s>", "<unk>"]
vocabulary = {piece: id for id, piece in enumerate(special + [f"w{id}" for id in range(len(special), shape["vocab_size"])])}
words = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
tokenizer = PreTrainedTokenizerFast(
    tokenizer_object=words,
    pad_token="<pad>",
    bos_token="<s>",
    eos_token="</s>",
    unk_token="<unk>",
    model_input_names=["input_ids", "attention_mask"],
)
warm_up = 1 if what == "ppo" else 2
updates = warm_up + repetitions
batch = 48 if what == "rankings" else 8
moments = []


class Clock(TrainerCallback):
    """When updates ended, and the processor time until then."""

    def note(self):
        moments.append((time.perf_counter(), time.process_time(), dict(phases)))

    def on_train_begin(self, *args, **kwargs):
        self.note()

    def on_step_end(self, *args, **kwargs):
        self.note()


phases = {"generate": 0.0, "score": 0.0}


def timed(phase, work, counts=lambda *args: True):
    """What a function takes, added to a phase."""

    def run(*args, **kwargs):
        since = time.perf_counter()
        result = work(*args, **kwargs)
        if counts(*args):
            phases[phase] += time.perf_counter() - since
        return result

    return run


def text(count):
    return " ".join(f"w{draw.randrange(len(special), shape['vocab_size'])}" for _ in range(count))


def language_model():
    return AutoModelForCausalLM.from_config(config)


def scalar_model():
    scalar = copy.deepcopy(config)
    scalar.num_labels = 1
    return AutoModelForSequenceClassification.from_config(scalar)


common = dict(
    output_dir=tempfile.mkdtemp(),
    bf16=False,
    gradient_checkpointing=False,
    report_to=[],
    disable_tqdm=True,
    save_strategy="no",
    dataloader_pin_memory=False,
)
supervised = dict(per_device_train_batch_size=batch, max_steps=updates, max_length=128, logging_steps=1000, **common)


def sft():
    data = Dataset.from_list([{"text": text(127)} for _ in range(batch * updates)])
    trl.SFTTrainer(
        language_model(), args=trl.SFTConfig(**supervised), train_dataset=data, processing_class=tokenizer, callbacks=[Clock()]
    ).train()
    return batch * 128


def reward(rows, units):
    data = Dataset.from_list(rows)
    trl.RewardTrainer(
        scalar_model(), args=trl.RewardConfig(**supervised), train_dataset=data, processing_class=tokenizer, callbacks=[Clock()]
    ).train()
    return units


def pairs():
    return [{"chosen": text(127), "rejected": text(127)} for _ in range(batch * updates)]


def rankings():
    rows = []
    for _ in range(8 * updates):
        prompt, answers = text(64) + " ", [text(63) for _ in range(4)]
        rows += [{"prompt": prompt, "chosen": answers[i], "rejected": answers[j]} for i in range(4) for j in range(i + 1, 4)]
    return rows


def dpo():
    data = Dataset.from_list([{"prompt": text(64), "chosen": " " + text(63), "rejected": " " + text(63)} for _ in range(batch * updates)])
    policy = language_model()
    trl.DPOTrainer(
        policy,
        ref_model=copy.deepcopy(policy),
        args=trl.DPOConfig(**supervised),
        train_dataset=data,
        processing_class=tokenizer,
        callbacks=[Clock()],
    ).train()
    return batch


def ppo():
    import trl.experimental.ppo.ppo_trainer as module

    policy, reference = language_model(), language_model()
    reference.load_state_dict(policy.state_dict())
    module.batch_generation = timed("generate", module.batch_generation)
    module.get_reward = timed("score", module.get_reward)
    module.forward = timed("score", module.forward, counts=lambda model, *rest: model is reference)
    prompts = [{"input_ids": [draw.randrange(len(special), shape["vocab_size"]) for _ in range(64)]} for _ in range(32 * 4)]
    data = Dataset.from_list(prompts)
    arguments = module.PPOConfig(
        per_device_train_batch_size=32,
        gradient_accumulation_steps=1,
        num_mini_batches=4,
        num_ppo_epochs=4,
        total_episodes=32 * updates,
        response_length=64,
        local_rollout_forward_batch_size=32,
        num_sample_generations=0,
        kl_coef=0.05,
        temperature=1.0,
        stop_token=None,
        logging_steps=1,
        **common,
    )
    module.PPOTrainer(
        args=arguments,
        processing_class=tokenizer,
        model=policy,
        ref_model=reference,
        reward_model=scalar_model(),
        value_model=scalar_model(),
        train_dataset=data,
        eval_dataset=data.select(range(4)),
        callbacks=[Clock()],
    ).train()
    return 1


works = {
    "sft": sft,
    "reward": lambda: reward(pairs(), batch),
    "rankings": lambda: reward(rankings(), 8),
    "dpo": dpo,
    "ppo": ppo,
}
units = works[what]()
# the moment 0 is the start of training, after it one an update
ends = moments[warm_up:]
seconds = [after[0] - before[0] for before, after in zip(ends, ends[1:])]
assert len(seconds) == repetitions, (len(seconds), repetitions)
fastest = min(range(repetitions), key=lambda i: seconds[i])
parts = None
if what == "ppo":
    before, after = ends[fastest][2], ends[fastest + 1][2]
    parts = {name: after[name] - before[name] for name in phases}
    parts["update"] = seconds[fastest] - sum(parts.values())
cpu = (ends[-1][1] - ends[0][1]) * 1000 / repetitions
print(json.dumps({"seconds": seconds, "units": units, "cpuMs": cpu, "phases": parts}))
