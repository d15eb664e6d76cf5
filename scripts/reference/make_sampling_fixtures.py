"""What Hugging Face transformers makes of random logits with its sampling filters, and of tiny checkpoints with beam search.

    python scripts/reference/make_sampling_fixtures.py MODELS_DIR OUT_DIR

MODELS_DIR holds the folders of make_model_fixtures.py. Needs torch and transformers (made with 2.9.1, 4.57.3). Writes
OUT_DIR/filters.json: cases of logits, tokens seen, settings, and the distribution that is drawn from, 0 where a token is filtered out;
OUT_DIR/beams.json: cases of a model, a prompt, settings, and the sequences with their scores, best first.
"""

import json
import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, GenerationConfig

VOCABULARY = 43

FILTERS = [
    dict(top_k=5),
    dict(top_p=0.9),
    dict(top_p=0.05),
    dict(min_p=0.1),
    dict(temperature=0.7),
    dict(repetition_penalty=1.3),
    dict(repetition_penalty=0.8, temperature=0.5),
    dict(top_k=10, top_p=0.8),
    dict(temperature=1.5, top_k=20, top_p=0.95, min_p=0.05),
    dict(repetition_penalty=1.7, temperature=0.6, top_k=15, top_p=0.7, min_p=0.02),
    dict(repetition_penalty=2.5, temperature=0.02, top_k=30),
    dict(repetition_penalty=0.4, temperature=0.03),
    dict(top_k=100),
]

BEAMS = [
    dict(num_beams=3, length_penalty=1.0, early_stopping=False, max_new_tokens=10),
    dict(num_beams=4, length_penalty=0.3, early_stopping=True, max_new_tokens=12),
    dict(num_beams=5, length_penalty=2.0, early_stopping="never", max_new_tokens=14),
    dict(num_beams=2, length_penalty=-1.0, early_stopping="never", max_new_tokens=8),
    dict(num_beams=4, length_penalty=0.0, early_stopping=False, max_new_tokens=9),
]

PROMPTS = [[1, 7, 30, 12], [1, 40], [1, 5, 9, 22, 17, 33, 2 + 9, 18]]


def filter_cases(model):
    generator = torch.Generator().manual_seed(4)
    cases = []
    for settings in FILTERS:
        for spread in (1.0, 4.0):
            logits = torch.randn(1, VOCABULARY, generator=generator) * spread
            seen = torch.randint(0, VOCABULARY, (1, 9), generator=generator)
            # the most probable token has to be among those that are penalised
            seen[0, 0] = logits[0].argmax()
            config = GenerationConfig(do_sample=True, **{"top_k": 0, **settings})
            processors = model._get_logits_processor(generation_config=config, input_ids_seq_length=seen.shape[1])
            probabilities = processors(seen, logits.clone()).softmax(dim=-1)
            cases.append(
                dict(
                    settings=settings,
                    logits=[round(value, 6) for value in logits[0].tolist()],
                    seen=seen[0].tolist(),
                    probabilities=probabilities[0].tolist(),
                )
            )
    return cases


def beam_cases(models):
    cases = []
    for name in ("llama", "gpt2"):
        model = AutoModelForCausalLM.from_pretrained(models / name, dtype=torch.float32).eval()
        model.generation_config = GenerationConfig(pad_token_id=0)
        for prompt in PROMPTS:
            ids = torch.tensor([prompt])
            # tokens that come up: the search meets their ends
            with torch.no_grad():
                best = model(ids).logits[0, -1].topk(6).indices.tolist()
            for index, settings in enumerate(BEAMS):
                stops = [best[index]] if index % 2 == 0 else [best[2], best[4]]
                out = model.generate(
                    ids,
                    attention_mask=torch.ones_like(ids),
                    do_sample=False,
                    eos_token_id=stops,
                    num_return_sequences=settings["num_beams"],
                    return_dict_in_generate=True,
                    output_scores=True,
                    **settings,
                )
                sequences = []
                for row in out.sequences[:, len(prompt) :].tolist():
                    ends = [at for at, token in enumerate(row) if token in stops]
                    sequences.append(row[: ends[0] + 1] if ends else row)
                cases.append(
                    dict(
                        model=name,
                        prompt=prompt,
                        settings=settings,
                        stops=stops,
                        sequences=sequences,
                        scores=out.sequences_scores.tolist(),
                    )
                )
    return cases


def main():
    torch.set_num_threads(1)
    models, out = Path(sys.argv[1]), Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    llama = AutoModelForCausalLM.from_pretrained(models / "llama", dtype=torch.float32).eval()
    for name, cases in (("filters", filter_cases(llama)), ("beams", beam_cases(models))):
        lines = ",\n".join(json.dumps(case) for case in cases)
        (out / f"{name}.json").write_text(f"[\n{lines}\n]\n")


main()
