"""The other side of the ragged benchmark: transformers' generate on the prompts of a file.

usage: python ragged.py LOAD.json PROMPTS_A_BATCH [threads]

Prompts are padded on the left, samples made by num_return_sequences, the cache is the default one. A StoppingCriteria ends every row where the
file says; generate goes on until the last row of the batch is done. Only tokens up to each row's end are counted.
"""

import json
import os
import sys
import time

import torch
from transformers import LlamaConfig, LlamaForCausalLM, StoppingCriteria, StoppingCriteriaList

with open(sys.argv[1]) as file:
    load = json.load(file)
batch = int(sys.argv[2])
torch.set_num_threads(int(sys.argv[3]) if len(sys.argv) > 3 else os.cpu_count())
torch.manual_seed(0)
samples = len(load["limits"][0])
model = LlamaForCausalLM(
    LlamaConfig(
        vocab_size=32000,
        hidden_size=288,
        intermediate_size=768,
        num_hidden_layers=6,
        num_attention_heads=6,
        num_key_value_heads=6,
        max_position_embeddings=1024,
        tie_word_embeddings=True,
    )
).eval()
model.generation_config.eos_token_id = None
model.generation_config.pad_token_id = 0


class EndAt(StoppingCriteria):
    """True for the rows that have all their tokens."""

    def __init__(self, lengths):
        self.lengths = lengths

    def __call__(self, input_ids, scores, **kwargs):
        return input_ids.shape[1] >= self.lengths


def run(prompts, limits):
    longest = max(len(prompt) for prompt in prompts)
    ids = torch.tensor([[0] * (longest - len(prompt)) + prompt for prompt in prompts])
    mask = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    lengths = torch.tensor([longest + limit for row in limits for limit in row])
    out = model.generate(
        ids,
        attention_mask=mask,
        do_sample=True,
        temperature=1.0,
        top_k=0,
        num_return_sequences=samples,
        max_new_tokens=int(lengths.max()) - longest,
        stopping_criteria=StoppingCriteriaList([EndAt(lengths)]),
    )
    assert out.shape == (len(prompts) * samples, int(lengths.max())), out.shape


quarter = max(1, len(load["prompts"]) // 4)
for start in range(0, quarter, batch):
    run(load["prompts"][start : start + batch], load["limits"][start : start + batch])
since, cpu = time.time(), time.process_time()
for start in range(0, len(load["prompts"]), batch):
    run(load["prompts"][start : start + batch], load["limits"][start : start + batch])
seconds, cpu = time.time() - since, time.process_time() - cpu
tokens = sum(limit for row in load["limits"] for limit in row)
rate = tokens / seconds
print(json.dumps({"best": rate, "median": rate, "cpuMs": cpu * 1000 / tokens}))
