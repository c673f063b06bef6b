"""SmolLM2's GGUF file → a Hugging Face checkpoint in bf16: config, weights, tokenizer, chat template.

llama.cpp's GGUF keeps the same weights under other names, quantised, with the rows of Q and K in another
order. This module undoes the three; it knows the LLaMA architecture and the "smollm" tokenizer, nothing else.
"""

import json
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from safetensors.torch import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

# GGUF name → Hugging Face name, after the layer's prefix ("blk.7." → "model.layers.7.").
_LAYER_NAMES = {
    "attn_norm.weight": "input_layernorm.weight",
    "attn_q.weight": "self_attn.q_proj.weight",
    "attn_k.weight": "self_attn.k_proj.weight",
    "attn_v.weight": "self_attn.v_proj.weight",
    "attn_output.weight": "self_attn.o_proj.weight",
    "ffn_norm.weight": "post_attention_layernorm.weight",
    "ffn_gate.weight": "mlp.gate_proj.weight",
    "ffn_up.weight": "mlp.up_proj.weight",
    "ffn_down.weight": "mlp.down_proj.weight",
}
_OTHER_NAMES = {
    "token_embd.weight": "model.embed_tokens.weight",
    "output_norm.weight": "model.norm.weight",
    "output.weight": "lm_head.weight",
}
_CONTROL = 3  # gguf.TokenType.CONTROL


def convert(source: Path, folder: Path) -> None:
    """Write ``source`` (GGUF) as a checkpoint into the existing ``folder``."""
    reader = gguf.GGUFReader(source)
    write_tokenizer(reader, folder)
    write_weights(reader, folder)
    write_json(folder / "config.json", config(reader))


def field(reader: gguf.GGUFReader, name: str) -> Any:
    """The value of one metadata field."""
    found = reader.get_field(name)
    if found is None:
        raise KeyError(name)
    return found.contents()


def config(reader: gguf.GGUFReader) -> dict[str, Any]:
    """``config.json`` of the model, as transformers' ``LlamaConfig`` reads it."""
    tensors = {t.name for t in reader.tensors}
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "dtype": "bfloat16",
        "vocab_size": field(reader, "llama.vocab_size"),
        "hidden_size": field(reader, "llama.embedding_length"),
        "intermediate_size": field(reader, "llama.feed_forward_length"),
        "num_hidden_layers": field(reader, "llama.block_count"),
        "num_attention_heads": field(reader, "llama.attention.head_count"),
        "num_key_value_heads": field(reader, "llama.attention.head_count_kv"),
        "head_dim": field(reader, "llama.rope.dimension_count"),
        "max_position_embeddings": field(reader, "llama.context_length"),
        # GGUF stores a float32: 9.999999747378752e-06 was 1e-05.
        "rms_norm_eps": float(str(np.float32(field(reader, "llama.attention.layer_norm_rms_epsilon")))),
        "rope_theta": field(reader, "llama.rope.freq_base"),
        "hidden_act": "silu",
        "attention_bias": False,
        "mlp_bias": False,
        "tie_word_embeddings": "output.weight" not in tensors,
        "bos_token_id": field(reader, "tokenizer.ggml.bos_token_id"),
        "eos_token_id": field(reader, "tokenizer.ggml.eos_token_id"),
        "pad_token_id": field(reader, "tokenizer.ggml.padding_token_id"),
    }


def hf_name(name: str) -> str:
    """Hugging Face's name of a GGUF tensor; raises KeyError for one that a LLaMA does not have."""
    if name.startswith("blk."):
        _, layer, rest = name.split(".", 2)
        return f"model.layers.{layer}.{_LAYER_NAMES[rest]}"
    return _OTHER_NAMES[name]


def write_weights(reader: gguf.GGUFReader, folder: Path) -> None:
    """Write ``model.safetensors`` in bf16. GGUF's shapes are reversed: ``[in, out]`` for a ``[out, in]`` matrix."""
    heads = {
        ".attn_q.": field(reader, "llama.attention.head_count"),
        ".attn_k.": field(reader, "llama.attention.head_count_kv"),
    }
    state: dict[str, torch.Tensor] = {}
    for tensor in reader.tensors:
        data = gguf.dequantize(tensor.data, tensor.tensor_type).reshape(tuple(reversed(tensor.shape.tolist())))
        for part, count in heads.items():
            if part in tensor.name:
                data = undo_rope_order(data, count)
        state[hf_name(tensor.name)] = torch.tensor(data, dtype=torch.bfloat16)
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})


def undo_rope_order(weight: np.ndarray, heads: int) -> np.ndarray:
    """Reorder the rows of Q or K, ``[heads * head_dim, hidden]``, from llama.cpp's RoPE to Hugging Face's.

    RoPE rotates pairs of dimensions. llama.cpp pairs neighbours (0,1), (2,3), ...; transformers and vLLM pair
    the halves (0, d/2), (1, d/2+1), ...  Source: ``permute`` in llama.cpp's ``convert_hf_to_gguf.py``, inverted.
    """
    rows, hidden = weight.shape
    pairs = weight.reshape(heads, rows // heads // 2, 2, hidden)
    return pairs.swapaxes(1, 2).reshape(rows, hidden)


def write_tokenizer(reader: gguf.GGUFReader, folder: Path) -> None:
    """Write ``tokenizer.json``, ``tokenizer_config.json`` (with the chat template) and ``generation_config.json``.

    The pre-tokenizer that GGUF calls "smollm": every digit alone, then GPT-2's byte-level split.
    """
    tokens: list[str] = field(reader, "tokenizer.ggml.tokens")
    kinds: list[int] = field(reader, "tokenizer.ggml.token_type")
    merges = [tuple(pair.split(" ", 1)) for pair in field(reader, "tokenizer.ggml.merges")]
    if field(reader, "tokenizer.ggml.pre") != "smollm":
        raise KeyError("tokenizer.ggml.pre")
    tokenizer = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(
        [AddedToken(token, special=True) for token, kind in zip(tokens, kinds, strict=True) if kind == _CONTROL]
    )
    tokenizer.save(str(folder / "tokenizer.json"))

    ids = {name: field(reader, f"tokenizer.ggml.{name}_token_id") for name in ("bos", "eos", "unknown", "padding")}
    write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "bos_token": tokens[ids["bos"]],
            "eos_token": tokens[ids["eos"]],
            "unk_token": tokens[ids["unknown"]],
            "pad_token": tokens[ids["padding"]],
            "model_max_length": field(reader, "llama.context_length"),
            "clean_up_tokenization_spaces": False,
            "chat_template": field(reader, "tokenizer.chat_template"),
        },
    )
    write_json(
        folder / "generation_config.json",
        {"bos_token_id": ids["bos"], "eos_token_id": ids["eos"], "pad_token_id": ids["padding"]},
    )


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Write ``value`` as indented UTF-8 JSON."""
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
