"""Small real models, made here. In: a family and a folder; out: the folder, as the hub has them."""

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import (
    BertConfig,
    BertModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaModel,
    T5Config,
    T5ForConditionalGeneration,
)

CORPUS = [
    "a slow film about space and the end of time",
    "science fiction in space",
    "the red nail polish and the blue one",
    "a cat sat on the mat",
    "the film about a cat in space",
]
_SIZE = 32


def pieces(corpus: Sequence[str]) -> tuple[list[str], list[str]]:
    """(words, letters) of lower case, in order: a WordPiece or Unigram vocabulary that is trained
    differs from process to process, and with it every vector.
    """
    words = sorted({word for line in corpus for word in line.lower().split()})
    return words, sorted(set("".join(words)))


def bert(folder: Path, corpus: Sequence[str] = CORPUS) -> Path:
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[unused0]"]
    words, letters = pieces(corpus)
    vocabulary = [*special, *letters, *(f"##{letter}" for letter in letters), *words]
    numbered = {piece: number for number, piece in enumerate(dict.fromkeys(vocabulary))}
    tokenizer = Tokenizer(models.WordPiece(numbered, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(), hidden_size=_SIZE, num_hidden_layers=2,
        num_attention_heads=4, intermediate_size=64, max_position_embeddings=64,
    )  # fmt: skip
    names = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    return _save(folder, tokenizer, BertModel(config), names)


def roberta(folder: Path, corpus: Sequence[str] = CORPUS) -> Path:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=340,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(corpus, trainer)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    config = RobertaConfig(
        vocab_size=tokenizer.get_vocab_size(), hidden_size=_SIZE, num_hidden_layers=2,
        num_attention_heads=4, intermediate_size=64, max_position_embeddings=66, pad_token_id=1,
    )  # fmt: skip
    names = {"pad_token": "<pad>", "unk_token": "<unk>", "cls_token": "<s>", "sep_token": "</s>"}
    return _save(folder, tokenizer, RobertaModel(config), names)


def t5(folder: Path, corpus: Sequence[str] = CORPUS) -> Path:
    """The whole of it, with the decoder, as T5 is published."""
    words, letters = pieces(corpus)
    scored = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -4.0)]
    scored += [(letter, -8.0) for letter in letters] + [(f"▁{word}", -4.0) for word in words]
    tokenizer = Tokenizer(models.Unigram(scored, unk_id=2))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing("$A </s>", None, [("</s>", 1)])
    config = T5Config(
        vocab_size=tokenizer.get_vocab_size(), d_model=_SIZE, d_kv=8, d_ff=64, num_layers=2,
        num_heads=4, decoder_start_token_id=0,
    )  # fmt: skip
    names = {"pad_token": "<pad>", "unk_token": "<unk>", "eos_token": "</s>"}
    return _save(folder, tokenizer, T5ForConditionalGeneration(config), names)


def llama(folder: Path, corpus: Sequence[str] = CORPUS) -> Path:
    """A causal model that writes; untrained, so what it writes is nonsense, but always the same."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=340,
        special_tokens=["<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(corpus, trainer)
    config = LlamaConfig(
        vocab_size=tokenizer.get_vocab_size(), hidden_size=_SIZE, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, intermediate_size=64,
        max_position_embeddings=256, bos_token_id=0, eos_token_id=1, tie_word_embeddings=True,
    )  # fmt: skip
    return _save(folder, tokenizer, LlamaForCausalLM(config), {"eos_token": "</s>"})


FAMILIES: dict[str, Callable[..., Path]] = {"bert": bert, "roberta": roberta, "t5": t5}


def _save(
    folder: Path, tokenizer: Tokenizer, model: torch.nn.Module, names: dict[str, str]
) -> Path:
    torch.manual_seed(0)
    with torch.no_grad():
        for weight in model.parameters():
            # Wider than a model starts with, so that texts differ clearly in an untrained one.
            if weight.ndim == 2:
                weight.copy_(torch.randn_like(weight) * 0.3)
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names)
    wrapped.save_pretrained(folder)
    model.save_pretrained(folder)  # type: ignore[operator]
    return folder
