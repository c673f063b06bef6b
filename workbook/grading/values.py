"""Values on their way between the grader and the process that runs the learner's code.

Plain Python values and tensors, nothing else: what arrives is data, whatever the learner's code returned. Torch is
only imported where a tensor is made of it, so an exercise about integers does not wait for it.
"""

import sys
from typing import Any

import msgspec

_TENSOR, _FOREIGN, _BIG = 1, 2, 3  # msgpack extension codes
_SHOWN = 200  # characters of a foreign value's repr


class Tensor(msgspec.Struct, frozen=True, array_like=True):
    """A tensor without torch. ``dtype`` is torch's name, as "bfloat16"; ``data`` row by row, little-endian."""

    dtype: str
    shape: list[int]
    data: bytes

    def numpy(self) -> Any:
        """As a NumPy array; bfloat16, which NumPy lacks, as float32."""
        import numpy

        if self.dtype == "bfloat16":
            wide = numpy.frombuffer(self.data, numpy.uint16).astype(numpy.uint32) << 16
            return wide.view(numpy.float32).reshape(self.shape)
        if self.dtype.startswith("float8"):  # needs torch's own decoding
            return self.torch().float().numpy()
        return numpy.frombuffer(self.data, self.dtype).reshape(self.shape)

    def torch(self, device: str = "cpu") -> Any:
        """As a tensor of torch, which one may write to."""
        import torch

        dtype = getattr(torch, self.dtype)
        if not self.data:
            return torch.empty(self.shape, dtype=dtype, device=device)
        return torch.frombuffer(bytearray(self.data), dtype=dtype).reshape(self.shape).to(device)


class Foreign(msgspec.Struct, frozen=True, array_like=True):
    """A value that cannot travel: the name of its type, and how it prints."""

    type: str
    text: str


def encode(value: Any) -> bytes:
    """The value as bytes. Tuples become lists, numbers of NumPy and torch Python's, and what is unknown Foreign."""
    return msgspec.msgpack.encode(_plain(value))


def decode(data: bytes, device: str | None = None) -> Any:
    """The value again; with ``device``, tensors as torch's, there."""

    def extension(code: int, payload: memoryview) -> Any:
        if code == _BIG:
            return int.from_bytes(payload, "little", signed=True)
        if code == _FOREIGN:
            return msgspec.msgpack.decode(payload, type=Foreign)
        tensor = msgspec.msgpack.decode(payload, type=Tensor)
        return tensor.torch(device) if device else tensor

    return msgspec.msgpack.decode(data, ext_hook=extension)


def normal(value: Any) -> Any:
    """The value as it would arrive: a list for a tuple, a Tensor for an array."""
    return decode(encode(value))


def _plain(value: Any) -> Any:
    try:
        return _walk(value)
    except RecursionError:
        return _foreign(value, "…")


def _walk(value: Any) -> Any:
    kind = type(value)
    if value is None or kind in (bool, float, str, bytes):
        return value
    if kind is int:
        small = -(1 << 63) <= value < 1 << 63
        return (
            value
            if small
            else msgspec.msgpack.Ext(_BIG, value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True))
        )
    if isinstance(value, list | tuple):
        return [_walk(item) for item in value]
    if isinstance(value, dict):
        return {_key(key): _walk(item) for key, item in value.items()}
    if isinstance(value, Tensor):
        return msgspec.msgpack.Ext(_TENSOR, msgspec.msgpack.encode(value))
    if isinstance(value, Foreign):
        return msgspec.msgpack.Ext(_FOREIGN, msgspec.msgpack.encode(value))
    if (found := _from_libraries(value)) is not None:
        return _walk(found)
    return _foreign(value)


def _key(key: Any) -> Any:
    return key if isinstance(key, int | str | float | bool | None) else repr(key)[:_SHOWN]


def _from_libraries(value: Any) -> Any:
    """A tensor or number of torch or NumPy, if these are what made it: then they have been imported."""
    torch, numpy = sys.modules.get("torch"), sys.modules.get("numpy")
    if torch and isinstance(value, torch.Tensor):
        flat = value.detach().cpu().contiguous()
        data = bytes(flat.reshape(-1).view(torch.uint8).numpy()) if flat.numel() else b""
        return Tensor(str(flat.dtype).removeprefix("torch."), list(flat.shape), data)
    if numpy and isinstance(value, numpy.ndarray) and value.dtype.kind in "biuf":
        return Tensor(value.dtype.name, list(value.shape), value.astype(value.dtype.newbyteorder("<")).tobytes())
    if numpy and isinstance(value, numpy.generic) and value.dtype.kind in "biuf":
        return value.item()
    return None


def _foreign(value: Any, text: str | None = None) -> msgspec.msgpack.Ext:
    if text is None:
        try:
            text = repr(value)[:_SHOWN]
        except Exception:
            text = "…"
    return msgspec.msgpack.Ext(_FOREIGN, msgspec.msgpack.encode(Foreign(type(value).__name__, text)))
