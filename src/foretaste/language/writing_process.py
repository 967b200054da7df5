"""The process that writes. In: prompts as lines of JSON, on stdin; out: pieces of text, on stdout.

It stands back for everything else on the machine (`os.nice`) and ends when whoever started it does.
What it is told:

    {"id": 7, "messages": [["user", "…"]], "tokens": 60}     write; with "names" and "words" nothing
                                                             else, see `within`
    {"stop": 7}                                              stop writing that

What it answers: {"ready": true} or {"failed": why} once, then {"id": 7, "piece": "…"} several times
and {"id": 7, "end": null} or, where it went wrong, {"id": 7, "end": why}.
"""

import json
import os
import queue
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

CONVERTED = "converted.json"
"""Beside what was made of a GGUF: its hash, so that a damaged copy is made again."""
ALIKE = 8
"""Beginnings of prompts that are kept as read: some 15 MB each of the small model."""
PENALTY = 1.1
"""Of tokens that were there already: a small model repeats itself without."""


class Work:
    """What is to be written, and what is to be stopped."""

    def __init__(self) -> None:
        self.prompts: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self.stopped: set[int] = set()

    def listen(self, told: IO[str]) -> None:
        """Until whoever started this process is gone, which ends it."""
        for line in told:
            message = json.loads(line)
            if "stop" in message:
                self.stopped.add(message["stop"])
            else:
                self.prompts.put(message)
        os._exit(0)


class Model:
    """A causal model, or one like T5, and its tokenizer."""

    def __init__(self, folder: Path) -> None:
        import torch
        from transformers import (
            AutoConfig,
            AutoModelForCausalLM,
            AutoModelForSeq2SeqLM,
            AutoTokenizer,
        )

        safe = {"local_files_only": True, "trust_remote_code": False}
        config = AutoConfig.from_pretrained(folder, **safe)
        self._answers = not config.is_encoder_decoder  # a causal model goes on from the prompt
        kind = AutoModelForCausalLM if self._answers else AutoModelForSeq2SeqLM
        self._tokenizer = AutoTokenizer.from_pretrained(folder, **safe)
        self._network = kind.from_pretrained(
            folder, dtype=torch.float32, use_safetensors=True, **safe
        ).eval()
        ends = self._network.generation_config.eos_token_id
        one = ends if isinstance(ends, list) else [ends]
        self._ends = [token for token in one if token is not None]
        self._read: dict[str, tuple[list[int], Any]] = {}
        """Beginning of a prompt → its tokens, what the network made of them."""
        self._room = int(getattr(config, "max_position_embeddings", None) or 512)

    def write(self, told: dict[str, Any], work: Work, say: Any) -> None:
        """Greedy, so that the same prompt gives the same text."""
        import torch
        from transformers import StoppingCriteria, TextStreamer

        class Stop(StoppingCriteria):  # type: ignore[misc]
            def __call__(self, ids: Any, scores: Any, **kwargs: Any) -> Any:
                return torch.full((ids.shape[0],), told["id"] in work.stopped)

        class Pieces(TextStreamer):  # type: ignore[misc]
            def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
                if text:
                    say({"id": told["id"], "piece": text})

        ids = self._ids(told["messages"], self._room - told["tokens"])
        held = self._held(told, ids.shape[1] if self._answers else 1)
        with torch.inference_mode(), self._begun(told["messages"], ids) as begun:
            self._network.generate(
                ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=told["tokens"],
                do_sample=False,
                num_beams=1,
                repetition_penalty=1.0 if held else PENALTY,
                logits_processor=held,
                pad_token_id=self._tokenizer.pad_token_id or self._tokenizer.eos_token_id,
                stopping_criteria=[Stop()],
                streamer=Pieces(self._tokenizer, skip_prompt=True, skip_special_tokens=True),
                **begun,
            )

    def _held(self, told: dict[str, Any], begins: int) -> list[Any]:
        """What holds the model to its bounds, where it is given any."""
        if not told.get("names") and not told.get("words"):
            return []
        from transformers import RepetitionPenaltyLogitsProcessor

        from foretaste.language.within import Bounds, Within

        bounds = Bounds(told["names"], told["words"])
        return [  # names stand in the prompt, and are to be said again
            RepetitionPenaltyLogitsProcessor(PENALTY, prompt_ignore_length=begins),
            Within(bounds, self._tokenizer, begins, self._ends, told["tokens"]),
        ]

    @contextmanager
    def _begun(self, messages: list[list[str]], ids: Any) -> Iterator[dict[str, Any]]:
        """What is already read of the prompt: most begin alike, and reading takes the longest."""
        if not self._answers:
            yield {}
            return
        from transformers import DynamicCache

        key = repr(messages[:-1])
        read, cache = self._read.pop(key, ([], None))
        now = ids[0].tolist()
        alike = next(
            (n for n, (a, b) in enumerate(zip(read, now, strict=False)) if a != b), len(read)
        )
        alike = min(alike, len(now) - 1)  # the last is read anew: what follows it is wanted
        if cache is None or alike == 0:
            cache = DynamicCache(config=self._network.config)
        else:
            cache.crop(alike - cache.get_seq_length())
        yield {"past_key_values": cache}
        self._read[key] = (now, cache)  # not where it went wrong
        while len(self._read) > ALIKE:
            del self._read[next(iter(self._read))]

    def _ids(self, messages: list[list[str]], room: int) -> Any:
        """[1, tokens]; of a prompt that is too long the end."""
        if self._tokenizer.chat_template:
            told = [{"role": role, "content": text} for role, text in messages]
            text = self._tokenizer.apply_chat_template(
                told, add_generation_prompt=True, tokenize=False
            )
            ids = self._tokenizer(text, return_tensors="pt", add_special_tokens=False)
        else:
            text = "\n".join(text for _, text in messages) + ("\n" if self._answers else "")
            ids = self._tokenizer(text, return_tensors="pt", add_special_tokens=not self._answers)
        return ids["input_ids"][:, -max(room, 1) :]


def converted(folder: Path, gguf: str, cache: Path) -> Path:
    """A folder with safetensors, made of a GGUF once: reading that takes half a minute, this two
    seconds.
    """
    from foretaste.language.weights import hashed

    made = cache / "model.safetensors"
    told = cache / CONVERTED
    if made.is_file() and told.is_file():
        if json.loads(told.read_text())["sha256"] == hashed([made]):
            return cache
        shutil.rmtree(cache)
    _convert(folder, gguf, cache)
    return cache


def _convert(folder: Path, gguf: str, cache: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from foretaste.language.weights import hashed

    cache.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache.parent) as passing:
        target = Path(passing) / "made"
        safe = {"gguf_file": gguf, "local_files_only": True, "trust_remote_code": False}
        AutoTokenizer.from_pretrained(folder, **safe).save_pretrained(target)
        network = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float16, **safe)
        _plain(network).save_pretrained(target)
        whole = {"sha256": hashed([target / "model.safetensors"])}
        (target / CONVERTED).write_text(json.dumps(whole))
        try:
            target.rename(cache)
        except OSError:
            if not (cache / CONVERTED).is_file():  # else another process was quicker
                raise


def _plain(network: Any) -> Any:
    """The same network without the mark of a GGUF, with which it would not be written."""
    config = network.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    plain = type(network)(config).to(network.dtype)
    plain.load_state_dict(network.state_dict())
    return plain


def main() -> None:
    """What the process runs; what it is to load is its argument, as JSON."""
    told = json.loads(sys.argv[1])
    os.nice(told["niceness"])
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print is not an answer

    def say(message: dict[str, Any]) -> None:
        answers.write(json.dumps(message) + "\n")
        answers.flush()

    work = Work()
    threading.Thread(target=work.listen, args=(sys.stdin,), daemon=True).start()
    try:
        model = _loaded(told)
    except Exception as error:
        say({"failed": f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"})
        return
    say({"ready": True})
    while True:
        prompt = work.prompts.get()
        why = None
        try:
            if prompt["id"] not in work.stopped:
                model.write(prompt, work, say)
        except Exception as error:  # of one prompt; the next may go well
            why = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
        work.stopped.discard(prompt["id"])
        say({"id": prompt["id"], "end": why})


def _loaded(told: dict[str, Any]) -> Model:
    import torch
    from transformers.utils import logging

    torch.set_num_threads(told["threads"])
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    folder = Path(told["folder"])
    if told["gguf"]:
        folder = converted(folder, told["gguf"], Path(told["cache"]))
    return Model(folder)


if __name__ == "__main__":
    main()
