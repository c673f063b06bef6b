"""The text of every token in a recording, kept beside it: so that it can be shown where the model is gone.

``tokens.json`` maps a token id to its text. Written once, after the run, by the tokenizer of the model.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

from workbook.recorder.recording import Recording

FILE = "tokens.json"


class _Tokenizer(Protocol):
    """What is needed of a tokenizer of transformers."""

    def decode(self, token_ids: list[int], /) -> Any: ...

    def convert_ids_to_tokens(self, ids: int, /) -> Any: ...


def used(recordings: Iterable[Recording]) -> set[int]:
    """The token ids that occur, prompts and outputs."""
    return {token for recording in recordings for story in recording.requests for token in story.tokens}


def save(folder: Path, recordings: Iterable[Recording], tokenizer: _Tokenizer) -> None:
    """Write ``tokens.json`` into the run's folder."""
    texts = {str(token): _text(token, tokenizer) for token in sorted(used(recordings))}
    (folder / FILE).write_text(json.dumps(texts, ensure_ascii=False), encoding="utf-8")


def read(recording: Recording) -> dict[int, str]:
    """The texts that stand beside the recording; else, if its model is still there, from the model; else none."""
    path = recording.path.parent / FILE
    try:
        return {int(token): text for token, text in json.loads(path.read_text(encoding="utf-8")).items()}
    except (OSError, ValueError, AttributeError):
        pass
    if not (Path(recording.header.model) / "tokenizer.json").is_file():
        return {}
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(recording.header.model)
    return {token: _text(token, tokenizer) for token in used([recording])}


def _text(token: int, tokenizer: _Tokenizer) -> str:
    """What the token stands for; a part of a character, which has no text of its own, as the vocabulary spells it."""
    text = str(tokenizer.decode([token]))
    return str(tokenizer.convert_ids_to_tokens(token) if "\ufffd" in text else text)
