"""The process that writes. In: prompts as lines of JSON, on stdin; out: pieces of text, on stdout.

It stands back for everything else on the machine (`os.nice`) and ends when whoever started it does.
What it is told:

    {"id": 7, "messages": [["user", "…"]], "tokens": 60}     write; with "names" and "words" nothing
                                                             else, see `TextBounds`
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

from foretaste.domain.files import FOLDER_MODE

CONVERTED_FILE = "converted.json"
"""Beside what was made of a GGUF: its hash, so that a damaged copy is made again."""
MAX_CACHED_PREFIXES = 8
"""Beginnings of prompts that are kept as read: some 15 MB each of the small model."""
REPETITION_PENALTY = 1.1
"""Of tokens that were there already: a small model repeats itself without."""


class WorkQueue:
    """What is to be written, and what is to be stopped."""

    def __init__(self) -> None:
        self.prompts: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self.stopped: set[int] = set()

    def listen(self, stream: IO[str]) -> None:
        """Until whoever started this process is gone, which ends it."""
        for line in stream:
            message = json.loads(line)
            if "stop" in message:
                self.stopped.add(message["stop"])
            else:
                self.prompts.put(message)
        os._exit(0)


class LocalModel:
    """A causal model, or one like T5, and its tokenizer."""

    def __init__(self, folder: Path) -> None:
        import torch
        from transformers import (
            AutoConfig,
            AutoModelForCausalLM,
            AutoModelForSeq2SeqLM,
            AutoTokenizer,
        )

        load_options = {"local_files_only": True, "trust_remote_code": False}
        config = AutoConfig.from_pretrained(folder, **load_options)
        self._is_causal = not config.is_encoder_decoder  # a causal model goes on from the prompt
        model_class = AutoModelForCausalLM if self._is_causal else AutoModelForSeq2SeqLM
        self._tokenizer = AutoTokenizer.from_pretrained(folder, **load_options)
        self._network = model_class.from_pretrained(
            folder, dtype=torch.float32, use_safetensors=True, **load_options
        ).eval()
        end_setting = self._network.generation_config.eos_token_id
        end_tokens = end_setting if isinstance(end_setting, list) else [end_setting]
        self._ends = [token for token in end_tokens if token is not None]
        self._prefix_caches: dict[str, tuple[list[int], Any]] = {}
        """Beginning of a prompt → its tokens, what the network made of them."""
        self._max_positions = int(getattr(config, "max_position_embeddings", None) or 512)

    def write(self, message: dict[str, Any], work: WorkQueue, send: Any) -> None:
        """Greedy, so that the same prompt gives the same text."""
        import torch
        from transformers import StoppingCriteria, TextStreamer

        class Stop(StoppingCriteria):  # type: ignore[misc]
            def __call__(self, ids: Any, scores: Any, **kwargs: Any) -> Any:
                return torch.full((ids.shape[0],), message["id"] in work.stopped)

        class Pieces(TextStreamer):  # type: ignore[misc]
            def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
                if text:
                    send({"id": message["id"], "piece": text})

        ids = self._prompt_ids(message["messages"], self._max_positions - message["tokens"])
        processors = self._bounding_processors(message, ids.shape[1] if self._is_causal else 1)
        with (
            torch.inference_mode(),
            self._reuse_prefix(message["messages"], ids) as cache_arguments,
        ):
            self._network.generate(
                ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=message["tokens"],
                do_sample=False,
                num_beams=1,
                repetition_penalty=1.0 if processors else REPETITION_PENALTY,
                logits_processor=processors,
                pad_token_id=self._tokenizer.pad_token_id or self._tokenizer.eos_token_id,
                stopping_criteria=[Stop()],
                streamer=Pieces(self._tokenizer, skip_prompt=True, skip_special_tokens=True),
                **cache_arguments,
            )

    def _bounding_processors(self, message: dict[str, Any], prompt_length: int) -> list[Any]:
        """What holds the model to its bounds, where it is given any."""
        if not message.get("names") and not message.get("words"):
            return []
        from transformers import RepetitionPenaltyLogitsProcessor

        from foretaste.language.bounded_generation import BoundedLogitsProcessor, TextBounds

        bounds = TextBounds(message["names"], message["words"])
        return [  # names stand in the prompt, and are to be said again
            RepetitionPenaltyLogitsProcessor(
                REPETITION_PENALTY, prompt_ignore_length=prompt_length
            ),
            BoundedLogitsProcessor(
                bounds, self._tokenizer, prompt_length, self._ends, message["tokens"]
            ),
        ]

    @contextmanager
    def _reuse_prefix(self, messages: list[list[str]], ids: Any) -> Iterator[dict[str, Any]]:
        """What is already read of the prompt: most begin alike, and reading takes the longest."""
        if not self._is_causal:
            yield {}
            return
        from transformers import DynamicCache

        key = repr(messages[:-1])
        cached_tokens, cache = self._prefix_caches.pop(key, ([], None))
        prompt_tokens = ids[0].tolist()
        shared_length = next(
            (
                n
                for n, (a, b) in enumerate(zip(cached_tokens, prompt_tokens, strict=False))
                if a != b
            ),
            len(cached_tokens),
        )
        shared_length = min(
            shared_length, len(prompt_tokens) - 1
        )  # the last is read anew: what follows it is wanted
        if cache is None or shared_length == 0:
            cache = DynamicCache(config=self._network.config)
        else:
            cache.crop(shared_length - cache.get_seq_length())
        yield {"past_key_values": cache}
        self._prefix_caches[key] = (prompt_tokens, cache)  # not where it went wrong
        while len(self._prefix_caches) > MAX_CACHED_PREFIXES:
            del self._prefix_caches[next(iter(self._prefix_caches))]

    def _prompt_ids(self, messages: list[list[str]], room: int) -> Any:
        """[1, tokens]; of a prompt that is too long the end."""
        if self._tokenizer.chat_template:
            chat = [{"role": role, "content": text} for role, text in messages]
            text = self._tokenizer.apply_chat_template(
                chat, add_generation_prompt=True, tokenize=False
            )
            ids = self._tokenizer(text, return_tensors="pt", add_special_tokens=False)
        else:
            text = "\n".join(text for _, text in messages) + ("\n" if self._is_causal else "")
            ids = self._tokenizer(text, return_tensors="pt", add_special_tokens=not self._is_causal)
        return ids["input_ids"][:, -max(room, 1) :]


def convert_once(folder: Path, gguf: str, cache: Path) -> Path:
    """A folder with safetensors, made of a GGUF once: reading that takes half a minute, this two
    seconds.
    """
    from foretaste.language.weights import hash_files

    weights_file = cache / "model.safetensors"
    hash_file = cache / CONVERTED_FILE
    if weights_file.is_file() and hash_file.is_file():
        if json.loads(hash_file.read_text())["sha256"] == hash_files([weights_file]):
            return cache
        shutil.rmtree(cache)
    _convert(folder, gguf, cache)
    return cache


def _convert(folder: Path, gguf: str, cache: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from foretaste.language.weights import hash_files

    cache.parent.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache.parent) as temporary_folder:
        target = Path(temporary_folder) / "made"
        load_options = {"gguf_file": gguf, "local_files_only": True, "trust_remote_code": False}
        AutoTokenizer.from_pretrained(folder, **load_options).save_pretrained(target)
        network = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float16, **load_options)
        _without_quantization(network).save_pretrained(target)
        manifest = {"sha256": hash_files([target / "model.safetensors"])}
        (target / CONVERTED_FILE).write_text(json.dumps(manifest))
        try:
            target.rename(cache)
        except OSError:
            if not (cache / CONVERTED_FILE).is_file():  # else another process was quicker
                raise


def _without_quantization(network: Any) -> Any:
    """The same network without the mark of a GGUF, with which it would not be written."""
    config = network.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    plain_network = type(network)(config).to(network.dtype)
    plain_network.load_state_dict(network.state_dict())
    return plain_network


def main() -> None:
    """What the process runs; what it is to load is its argument, as JSON."""
    arguments = json.loads(sys.argv[1])
    os.nice(arguments["niceness"])
    output_stream = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print is not an answer

    def send(message: dict[str, Any]) -> None:
        output_stream.write(json.dumps(message) + "\n")
        output_stream.flush()

    work = WorkQueue()
    threading.Thread(target=work.listen, args=(sys.stdin,), daemon=True).start()
    try:
        model = _load_model(arguments)
    except Exception as error:
        send({"failed": f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"})
        return
    send({"ready": True})
    while True:
        prompt = work.prompts.get()
        failure = None
        try:
            if prompt["id"] not in work.stopped:
                model.write(prompt, work, send)
        except Exception as error:  # of one prompt; the next may go well
            failure = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
        work.stopped.discard(prompt["id"])
        send({"id": prompt["id"], "end": failure})


def _load_model(arguments: dict[str, Any]) -> LocalModel:
    import torch
    from transformers.utils import logging

    torch.set_num_threads(arguments["threads"])
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    folder = Path(arguments["folder"])
    if arguments["gguf"]:
        folder = convert_once(folder, arguments["gguf"], Path(arguments["cache"]))
    return LocalModel(folder)


if __name__ == "__main__":
    main()
