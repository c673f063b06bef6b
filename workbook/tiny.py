"""The tiny model: a seeded LLaMA for tests and ``--fast``. It speaks nonsense, in milliseconds.

8 query and 4 key/value heads, so that tensor parallel sizes 2 and 4 work on CPU, where SmolLM2's 9 heads do not divide.
It borrows SmolLM2's tokenizer, so prompts and token ids look the same in both.
"""

from pathlib import Path

import gguf
import torch
from safetensors.torch import save_file

from workbook import gguf_convert

LAYERS, HIDDEN, HEADS, KV_HEADS, INTERMEDIATE = 4, 256, 8, 4, 688
SEED = 0


def write(tokenizer_source: Path, folder: Path) -> None:
    """Write the checkpoint into ``folder``; ``tokenizer_source`` is SmolLM2's GGUF file."""
    reader = gguf.GGUFReader(tokenizer_source)
    gguf_convert.write_tokenizer(reader, folder)
    config = gguf_convert.config(reader) | {
        "hidden_size": HIDDEN,
        "intermediate_size": INTERMEDIATE,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "num_key_value_heads": KV_HEADS,
        "head_dim": HIDDEN // HEADS,
    }
    save_file(weights(config["vocab_size"]), folder / "model.safetensors", metadata={"format": "pt"})
    gguf_convert.write_json(folder / "config.json", config)


def weights(vocab: int) -> dict[str, torch.Tensor]:
    """Every weight of the model in bf16: normal from one seed, norms 1. Wide enough that tokens do not just repeat."""
    generator = torch.Generator().manual_seed(SEED)

    def normal(*shape: int) -> torch.Tensor:
        return (torch.randn(*shape, generator=generator) * 0.06).to(torch.bfloat16)

    norm = torch.ones(HIDDEN, dtype=torch.bfloat16)
    kv_width = HIDDEN // HEADS * KV_HEADS
    state = {"model.embed_tokens.weight": normal(vocab, HIDDEN), "model.norm.weight": norm}
    for layer in range(LAYERS):
        prefix = f"model.layers.{layer}"
        state |= {
            f"{prefix}.input_layernorm.weight": norm.clone(),
            f"{prefix}.self_attn.q_proj.weight": normal(HIDDEN, HIDDEN),
            f"{prefix}.self_attn.k_proj.weight": normal(kv_width, HIDDEN),
            f"{prefix}.self_attn.v_proj.weight": normal(kv_width, HIDDEN),
            f"{prefix}.self_attn.o_proj.weight": normal(HIDDEN, HIDDEN),
            f"{prefix}.post_attention_layernorm.weight": norm.clone(),
            f"{prefix}.mlp.gate_proj.weight": normal(INTERMEDIATE, HIDDEN),
            f"{prefix}.mlp.up_proj.weight": normal(INTERMEDIATE, HIDDEN),
            f"{prefix}.mlp.down_proj.weight": normal(HIDDEN, INTERMEDIATE),
        }
    return state
