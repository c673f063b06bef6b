"""A LLaMA layer as a run of lesson 1.4's script captured it, and the same computed in NumPy, with the mistakes that people make.

What vLLM's modules got and gave are float32 arrays here, exactly the bfloat16 numbers of the engine. The weights come from
the checkpoint, because vLLM's own look empty on a CPU once they are packed.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import Any, Literal

import numpy as np

from workbook import models, runinfo, weights
from workbook.course.header import Text
from workbook.grading.evidence import Evidence

Array = np.ndarray
LAYERS = (0, 1)  # those that the script captures part by part


class Layer:
    """One layer of the captured model. ``call``: the engine's step, 0 for the prefill."""

    def __init__(self, run: Evidence, number: int) -> None:
        self.run, self.number = run, number
        self.name = f"model.layers.{number}"
        info = runinfo.read(run.folder)
        if info is None or "config" not in info.results:
            raise run.lacking(runinfo.FILE)
        self.model: str = info.model
        self.config: dict[str, Any] = info.results["config"]
        self.heads, self.kv_heads = self.config["num_attention_heads"], self.config["num_key_value_heads"]
        self.head_dim: int = self.config["head_dim"]

    @cached_property
    def weights(self) -> dict[str, Array]:
        """As the checkpoint names them below this layer: ``self_attn.q_proj.weight``. Raises WorkbookError."""
        folder = models.find(self.model)
        if folder is None:
            raise self.run.lacking(self.model)
        return weights.read(folder, f"{self.name}.", self.run.recording.header.architecture["dtype"])

    @property
    def calls(self) -> range:
        """The engine's steps."""
        return range(self.run.captured.calls(self.name))

    def label(self, call: int) -> Text:
        """Which layer, which step."""
        if not call:
            return Text(f"layer {self.number}, prefill", f"第 {self.number} 层，预填充")
        return Text(f"layer {self.number}, decode step {call}", f"第 {self.number} 层，第 {call} 个解码步")

    def entering(self, call: int) -> tuple[Array, Array, Array | None]:
        """Positions, hidden states and residual, as ``LlamaDecoderLayer.forward`` got them; no residual in layer 0."""
        captured = self.run.captured
        residual = captured(self.name, call, "in.2") if f"{self.name}/{call}/in.2" in captured.keys else None
        return captured(self.name, call, "in.0"), captured(self.name, call, "in.1"), residual

    def before_rope(self, call: int) -> tuple[Array, Array]:
        """Queries and keys, [tokens, heads, head_dim]: two of the three parts of qkv_proj's output."""
        qkv = self.run.captured(f"{self.name}.self_attn.qkv_proj", call, "out.0")
        size = self.heads * self.head_dim
        q, k, _ = np.split(qkv, [size, size + self.kv_heads * self.head_dim], axis=-1)
        return self._heads(q), self._heads(k)

    def attention(self, call: int) -> tuple[Array, Array, Array]:
        """Queries, keys and values as ``Attention.forward`` got them, [tokens, heads, head_dim]."""
        q, k, v = (self.run.captured(f"{self.name}.self_attn.attn", call, f"in.{n}") for n in range(3))
        return self._heads(q), self._heads(k), self._heads(v)

    def _heads(self, x: Array) -> Array:
        return x.reshape(len(x), -1, self.head_dim)


def layers(run: Evidence) -> Iterator[Layer]:
    """The captured layers, in order."""
    for number in LAYERS:
        yield Layer(run, number)


def rms_norm(x: Array, weight: Array, eps: float) -> Array:
    """Without the mean, and with epsilon inside the root."""
    return np.asarray(x / np.sqrt(np.mean(np.square(x), axis=-1, keepdims=True) + eps) * weight)


def frequencies(rope: dict[str, Any], head_dim: int, step: int = 2) -> Array:
    """Angle for each position and pair, in radians; Llama 3 slows the pairs that turn slowly."""
    half = np.arange(head_dim // 2)
    plain = 1.0 / rope["rope_theta"] ** (half * step / head_dim)
    if rope.get("rope_type") != "llama3":
        return np.asarray(plain)
    low, high = rope["low_freq_factor"], rope["high_freq_factor"]
    turns = rope["original_max_position_embeddings"] * plain / (2 * np.pi)  # within the training's length
    smooth = np.clip((turns - low) / (high - low), 0, 1)
    return np.asarray(smooth * plain + (1 - smooth) * plain / rope["factor"])


def turn(x: Array, angles: Array, interleaved: bool = False) -> Array:
    """Rotate pairs by ``angles`` [tokens, head_dim / 2]: element i with i + head_dim / 2; interleaved, 2i with 2i + 1."""
    cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]
    if interleaved:
        one, other = x[..., ::2], x[..., 1::2]
        return np.stack((one * cos - other * sin, other * cos + one * sin), -1).reshape(x.shape)
    one, other = np.split(x, 2, axis=-1)
    return np.concatenate((one * cos - other * sin, other * cos + one * sin), -1)


def rope(x: Array, positions: Array, parameters: dict[str, Any]) -> Array:
    """Each query or key, [tokens, heads, head_dim], turned by its position."""
    return turn(x, positions[:, None] * frequencies(parameters, x.shape[-1]))


def attend(
    q: Array,
    k: Array,
    v: Array,
    *,
    tile: bool = False,
    mask: Literal["end", "start", "none"] = "end",
    scale: float | None = None,
) -> Array:
    """Causal attention, [tokens, heads · head_dim]. The queries are the last tokens of the keys."""
    group = q.shape[1] // k.shape[1]
    k, v = ((np.tile(x, (1, group, 1)) if tile else np.repeat(x, group, axis=1)) for x in (k, v))
    scores = np.einsum("thd,shd->hts", q, k) * (q.shape[-1] ** -0.5 if scale is None else scale)
    if mask != "none":
        seen = np.tri(len(q), len(k), len(k) - len(q) if mask == "end" else 0, dtype=bool)
        scores = np.where(seen, scores, -np.inf)
    weight = np.exp(scores - scores.max(-1, keepdims=True))
    mixed = np.einsum("hts,shd->thd", weight / weight.sum(-1, keepdims=True), v)
    return np.asarray(mixed.reshape(len(q), -1))


def silu(x: Array) -> Array:
    """x · sigmoid(x)."""
    return np.asarray(x / (1 + np.exp(-x)))


def decoder_layer(
    positions: Array,
    hidden: Array,
    residual: Array | None,
    weight: dict[str, Array],
    config: dict[str, Any],
    wrong: str = "",
) -> list[Array]:
    """vLLM's layer: the MLP's output, and the residual stream to which nobody has added it yet."""
    eps, parameters = config["rms_norm_eps"], config["rope"]

    def linear(x: Array, name: str) -> Array:
        matrix = weight[f"{name}.weight"]
        return np.asarray(x @ (matrix if wrong == "transposed" and len(matrix) == matrix.shape[1] else matrix.T))

    stream = hidden if residual is None or wrong == "residual ignored" else hidden + residual
    x = rms_norm(stream, weight["input_layernorm.weight"], eps)
    q, k, v = (linear(x, f"self_attn.{name}_proj").reshape(len(x), -1, config["head_dim"]) for name in ("q", "k", "v"))
    if wrong != "no rope":
        q, k = (rope(each, positions, parameters) for each in (q, k))
    mixed = attend(q, k, v, tile=wrong == "tiled", mask="none" if wrong == "no mask" else "end")
    attention = linear(mixed, "self_attn.o_proj")
    after = attention if wrong == "attention alone" else (x if wrong == "norm kept" else stream) + attention
    x = after if wrong == "no second norm" else rms_norm(after, weight["post_attention_layernorm.weight"], eps)
    mlp = linear(silu(linear(x, "mlp.gate_proj")) * linear(x, "mlp.up_proj"), "mlp.down_proj")
    return [mlp + after if wrong == "summed" else mlp, stream if wrong == "attention not added" else after]
