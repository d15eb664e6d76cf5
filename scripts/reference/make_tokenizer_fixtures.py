"""Small tokenizers, and what SentencePiece and Hugging Face tokenizers give for texts that are hard to cut.

    python scripts/reference/make_tokenizer_fixtures.py OUT_DIR

Needs sentencepiece and tokenizers (made with 0.2.3, 0.22.2). Writes
    NAME.model           SentencePiece models: byte pairs and unigram with byte fallback, unigram with normalisation rules of its own,
                         and one of whole words, which Plumbline refuses
    sentencepiece.json   [{file, cases: [{text, ids, decoded}]}]
    tokenizers.json      {texts, bases: {NAME: tokenizer.json}, variants: [{name, base, change, offsets, cases: [{ids, offsets?, decoded, raw}]}]}
                         `change` replaces parts of the base; offsets are UTF-16 code units, and kept where both sides mean the same by them
"""

import json
import random
import sys
import tempfile
from pathlib import Path

import sentencepiece
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

WORDS = (
    "the a quick slow brown grey fox hare jumps over runs under lazy dogs bright lamps seven kettles boil water for tea and coffee "
    "while gardens grow stones bridges cross rivers letters arrive winter summer paint houses small large never always perhaps answer"
).split()
RARE = ["caf\u00e9", "na\u00efve", "\u00fcber", "\u6c34", "\u706b\u5c71", "12", "2024", "it\u2019s"]
RULES = "FF21\t41\n2460\t31\n0065 0301\tE9\n00A0\t20\n3000\t20\nFB01\t66 69\n"
TEXTS = [
    "", "a", " ", "   ", "the quick fox", " before", "after ", "two  blanks", "a\nb\r\n\r\nc", "\ttab\t\tend  ",
    "caf\u00e9", "cafe\u0301", "\u212b A\u030a\u0323", "\U0001f600 ok", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\u6c34\u706b\u5c71", "\uff21\uff22\u2460",
    "\ufb01n", "x\u00a0y\u3000z", "1234567890 1 12 123", "aaaaaaaaaaaaaaaaaaaaaaaa", "\u2581under\u2581", "I'll can't WE'RE it's",
    "x=1;y+=2 // (ok)!?...", "foo_bar <w>x <w> y<w>.", "a <l> b<l>c", "a<r>  b <r>", "<s> the</s>", "caf\u00e9<n>CAF\u00c9", "\u00bd \u2160 \u0661\u0662\u00b2",
    "\u1e9e\u0130 \u03a3\u03a3", "\ufeffbom\u0085nel", "\u0928\u093f\u0930", "\u1112\u1161\u11ab \ud55c", "\u0e33\u200b\u2026", "\u4e2d\u6587abc\u5b57",
]
ALPHABET = list("abcdehlorstu     ,.!'_AB01\n\t\u00e9\u0301\u6c34\U0001f600\u00bd\u1161") + ["<s>", "<w>", " <l> ", "<r>", "'s"]


def corpus(rng: random.Random) -> list[str]:
    lines = []
    for _ in range(2000):
        words = [rng.choice(RARE) if rng.random() < 0.05 else rng.choice(WORDS) for _ in range(rng.randint(3, 10))]
        lines.append(" ".join(words).capitalize() + rng.choice([".", "!", "?", ""]))
    return lines


def sentencepiece_models(out: Path, lines: list[str], texts: list[str]) -> None:
    settings = {
        "byte-pairs": dict(model_type="bpe", vocab_size=360, byte_fallback=True, normalization_rule_name="identity", remove_extra_whitespaces=False),
        "unigram": dict(model_type="unigram", vocab_size=360, byte_fallback=True, normalization_rule_name="identity", remove_extra_whitespaces=False),
        "rules": dict(model_type="unigram", vocab_size=120, normalization_rule_tsv="rules.tsv", user_defined_symbols=["<r>"]),
        "words": dict(model_type="word", vocab_size=40, normalization_rule_name="identity"),
    }
    written = []
    with tempfile.TemporaryDirectory() as scratch:
        train, rules = Path(scratch, "train.txt"), Path(scratch, "rules.tsv")
        train.write_text("\n".join(lines))
        rules.write_text(RULES)
        for name, setting in settings.items():
            if "normalization_rule_tsv" in setting:
                setting["normalization_rule_tsv"] = str(rules)
            sentencepiece.SentencePieceTrainer.train(
                input=str(train), model_prefix=str(Path(scratch, name)), hard_vocab_limit=False, num_threads=1, minloglevel=2, **setting
            )
            model = Path(scratch, name + ".model").read_bytes()
            Path(out, name + ".model").write_bytes(model)
            processor = sentencepiece.SentencePieceProcessor(model_proto=model)
            if name != "words":
                cases = [dict(text=text, ids=processor.encode(text), decoded=processor.decode(processor.encode(text))) for text in texts]
                written.append(dict(file=name + ".model", cases=cases))
    Path(out, "sentencepiece.json").write_text(json.dumps(written, ensure_ascii=True))


def byte_level(use_regex: bool = True, prefix: bool = False) -> dict:
    return dict(type="ByteLevel", add_prefix_space=prefix, trim_offsets=False, use_regex=use_regex)


def split(pattern: dict, behavior: str, invert: bool = False) -> dict:
    return dict(type="Split", pattern=pattern, behavior=behavior, invert=invert)


def in_order(*steps: dict) -> dict:
    return dict(type="Sequence", pretokenizers=list(steps))


def added(start: int) -> list[dict]:
    flags = [("<s>", "special"), ("<w>", "single_word"), ("<l>", "lstrip"), ("<r>", "rstrip"), ("<n>", "special"), ("caf\u00e9", "normalized")]
    names = ["single_word", "lstrip", "rstrip", "normalized", "special"]
    return [dict(id=start + index, content=content, **{name: name == flag for name in names}) for index, (content, flag) in enumerate(flags)]


def bases(lines: list[str], unigram: Path) -> dict[str, dict]:
    byte_pairs = Tokenizer(models.BPE())
    byte_pairs.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=False)
    byte_pairs.decoder = decoders.ByteLevel(add_prefix_space=False, trim_offsets=False)
    trainer = trainers.BpeTrainer(vocab_size=400, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    byte_pairs.train_from_iterator(lines, trainer)
    processor = sentencepiece.SentencePieceProcessor(model_file=str(unigram))
    vocab = [[processor.id_to_piece(id), processor.get_score(id)] for id in range(processor.get_piece_size())]
    metaspace = dict(type="Metaspace", replacement="\u2581", prepend_scheme="always", split=True)
    empty = dict(version="1.0", truncation=None, padding=None, added_tokens=[], normalizer=None, post_processor=None)
    pieces = ["[UNK]", *sorted({*"abcdefghijklmnopqrstuvwxyz,.!?'-0123456789"}), *WORDS, *("##" + c for c in "abcdefghijklmnopqrstuvwxyz0123456789"), "\u6c34", "##ing"]
    return {
        "byte-level": json.loads(byte_pairs.to_str()),
        "unigram": {**empty, "pre_tokenizer": metaspace, "decoder": metaspace, "model": dict(type="Unigram", unk_id=0, vocab=vocab, byte_fallback=False)},
        "word-piece": {
            **empty,
            "normalizer": dict(type="BertNormalizer", clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=True),
            "pre_tokenizer": dict(type="BertPreTokenizer"),
            "decoder": dict(type="WordPiece", prefix="##", cleanup=True),
            "model": dict(
                type="WordPiece", unk_token="[UNK]", continuing_subword_prefix="##", max_input_chars_per_word=20,
                vocab={piece: id for id, piece in enumerate(dict.fromkeys(pieces))},
            ),
        },
    }


LLAMA3 = (
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
)
BEHAVIORS = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"]


def variants(entries: int) -> list[tuple[str, str, dict, bool]]:
    """Name, base, change, and whether offsets are compared: where text is normalised or a blank is put before it, ours cover more."""
    lower = dict(type="Sequence", normalizers=[dict(type="NFD"), dict(type="StripAccents"), dict(type="Lowercase")])
    replace = [
        dict(type="Replace", pattern=dict(Regex="[aeiou]+"), content="#"),
        dict(type="Replace", pattern=dict(String="x"), content="yyy"),
        dict(type="Strip", strip_left=True, strip_right=True),
    ]
    listed = [
        ("plain", "byte-level", {}, True),
        ("added tokens", "byte-level", dict(added_tokens=added(entries)), True),
        ("added tokens in lower case", "byte-level", dict(added_tokens=added(entries), normalizer=lower), False),
        ("NFC", "byte-level", dict(normalizer=dict(type="NFC")), False),
        ("NFKD", "byte-level", dict(normalizer=dict(type="NFKD")), False),
        ("replace and strip", "byte-level", dict(normalizer=dict(type="Sequence", normalizers=replace)), False),
        ("prefix blank", "byte-level", dict(pre_tokenizer=byte_level(prefix=True)), False),
        ("words of Llama 3", "byte-level", dict(pre_tokenizer=in_order(split(dict(Regex=LLAMA3), "Isolated"), byte_level(False))), True),
        ("white space, digits", "byte-level", dict(pre_tokenizer=in_order(dict(type="WhitespaceSplit"), dict(type="Digits", individual_digits=True), byte_level(False))), True),
        ("words and symbols", "byte-level", dict(pre_tokenizer=in_order(dict(type="Whitespace"), dict(type="CharDelimiterSplit", delimiter="e"), byte_level(False))), True),
        ("word piece", "word-piece", {}, False),
    ]
    for behavior in BEHAVIORS:
        steps = in_order(split(dict(String="a"), behavior), dict(type="Punctuation", behavior=behavior), split(dict(Regex="\\d"), behavior, True), byte_level(False))
        listed.append((f"split, {behavior}", "byte-level", dict(pre_tokenizer=steps), True))
    for scheme in ("first", "always", "never"):
        metaspace = dict(type="Metaspace", replacement="\u2581", prepend_scheme=scheme, split=scheme != "first")
        listed.append((f"metaspace, {scheme}", "unigram", dict(pre_tokenizer=metaspace, decoder=metaspace), scheme == "never"))
    return listed


def utf16(text: str) -> list[int]:
    units = [0]
    for character in text:
        units.append(units[-1] + (2 if ord(character) > 0xFFFF else 1))
    return units


def main() -> None:
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    rng = random.Random(20)
    lines = corpus(rng)
    texts = TEXTS + ["".join(rng.choice(ALPHABET) for _ in range(rng.randint(2, 16))) for _ in range(24)]
    sentencepiece_models(out, lines, texts)
    made = bases(lines, Path(out, "rules.model"))
    written = []
    for name, base, change, offsets in variants(len(made["byte-level"]["model"]["vocab"])):
        tokenizer = Tokenizer.from_str(json.dumps({**made[base], **change}))
        cases = []
        for text in texts:
            encoding = tokenizer.encode(text, add_special_tokens=False)
            units = utf16(text)
            case = dict(ids=encoding.ids)
            if offsets:
                case["offsets"] = [[units[start], units[end]] for start, end in encoding.offsets]
            case.update(decoded=tokenizer.decode(encoding.ids), raw=tokenizer.decode(encoding.ids, skip_special_tokens=False))
            cases.append(case)
        written.append(dict(name=name, base=base, change=change, cases=cases))
    file = Path(out, "tokenizers.json")
    file.write_text(json.dumps(dict(texts=texts, bases=made, variants=written), ensure_ascii=True, separators=(",", ":")))
    print(file, len(written), "variants", len(texts), "texts")


main()
