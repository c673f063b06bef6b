"""What the engine streamed, token by token, kept beside the recording: ``streams.json``.

A token's bytes stand in the vocabulary of a byte-level tokenizer (GPT-2's, Llama 3's, SmolLM2's) as one printable
character for each byte; :func:`piece` turns them back.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from workbook import paths

FILE = "streams.json"


class Stream(msgspec.Struct, frozen=True):
    """One request: the bytes of each generated token, and the text that the engine sent when it came."""

    prompt: str
    pieces: list[bytes]
    texts: list[str]


def save(folder: Path, streams: Sequence[Stream]) -> None:
    """Write ``streams.json`` into the run's folder."""
    paths.write_atomically(folder / FILE, msgspec.json.format(msgspec.json.encode(streams), indent=2).decode() + "\n")


def read(folder: Path) -> list[Stream]:
    """The run's streams; none where the file is missing or cannot be read."""
    try:
        return msgspec.json.decode((folder / FILE).read_bytes(), type=list[Stream])
    except (OSError, msgspec.MsgspecError):
        return []


def piece(tokenizer: Any, token: int) -> bytes:
    """The bytes that a token stands for."""
    return bytes(_BYTE[character] for character in tokenizer.convert_ids_to_tokens(token))


def _alphabet() -> dict[str, int]:
    """GPT-2's: printable bytes stand for themselves, the others for the characters from 256 on, in their order."""
    printable = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + n): byte for n, byte in enumerate(others)}


_BYTE = _alphabet()
