"""Lesson 1.4 · What a LLaMA layer computes: its real activations, taken out of vLLM and computed again.

What you will see   the parameters by part, RMSNorm against LayerNorm, the residual stream, vLLM's logits against transformers'.
How to run it       workbook run step1_llama_architecture          --dtype float32          --llama3-rope          F5
What it hides       vLLM's log goes to a file (--verbose shows it); engine_args holds what this machine needs.

第 1.4 课 · LLaMA 的一层在算什么：从 vLLM 中取出真实的激活，再自己算一遍。

会看到什么    各部分的参数量、RMSNorm 与 LayerNorm 的对比、残差流、vLLM 与 transformers 的 logits 对比。
怎样运行      workbook run step1_llama_architecture          --dtype float32          --llama3-rope          F5
没有显示的    vLLM 的日志在文件里（--verbose 可显示）；engine_args 是本机所需的参数。
"""

from pathlib import Path
from typing import Any

import numpy as np

from workbook import anatomy, capture, checkpoint, closing, lesson, timings, weights  # before vLLM
from workbook.i18n import tr

PROMPT = "The capital of China is"
LAYERS = (0, 1)  # captured part by part; the exercises are graded against them
PARTS = ("input_layernorm", "self_attn.qkv_proj", "self_attn.attn", "post_attention_layernorm", "mlp.act_fn")
# Not Meta's numbers: with 8192 in place of 32 a prompt of 5 tokens would hardly show a difference.
LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
LLAMA3["original_max_position_embeddings"] = 32


def tiny_input(model: Any, token_ids: list[int]) -> None:
    """Run vLLM's first norm on the tokens' embeddings, a thousand times smaller."""
    import torch

    with torch.inference_mode():
        embedding = model.embed_tokens(torch.tensor(token_ids, device=model.norm.weight.device))
        model.layers[0].input_layernorm(embedding / 1000)


def main() -> None:
    # 1) What this machine needs, and the two flags of this lesson's experiments.
    flags = lesson.parser(__doc__)
    flags.add_argument("--dtype", default="auto", help=tr("of weights and activations", "权重和激活的类型"))
    flags.add_argument("--llama3-rope", action="store_true", help=tr("RoPE as in Llama 3", "使用 Llama 3 的 RoPE"))
    run = lesson.start(__doc__, kv_tokens=2048, flags=flags)

    # 2) Import vLLM.
    with run.phase("import"):
        import torch
        from vllm import LLM, SamplingParams

    # 3) Build the engine. Its worker can set PyTorch's forward hooks; they need eager mode, which engine_args asks for.
    theta = checkpoint.read_config(Path(run.model)).get("rope_theta", 10000.0)
    overrides = {"rope_parameters": LLAMA3 | {"rope_theta": theta}} if run.flags.llama3_rope else {}
    with run.phase("engine"):
        llm = LLM(
            model=run.model,
            dtype=run.flags.dtype,  # auto: what config.json says, bfloat16
            hf_overrides=overrides,  # laid over config.json
            gpu_memory_utilization=0.5,
            max_model_len=512,
            **run.engine_args | {"worker_extension_cls": capture.WORKER_EXTENSION},
        )
    config, dtype = llm.model_config.hf_config, llm.model_config.dtype
    anatomy.parameters(run, config, llm.apply_model(lambda model: sum(p.numel() for p in model.parameters()))[0])

    # 4) Generate three tokens while the hooks copy what goes into the layers and comes out: one prefill, two decodes.
    layers = range(config.num_hidden_layers)
    modules = [f"model.layers.{n}" for n in layers] + [f"model.layers.{n}.{part}" for n in LAYERS for part in PARTS]
    llm.collective_rpc("workbook_capture_start", args=([*modules, "logits_processor"],))
    with run.phase("generate"):
        outputs = llm.generate([PROMPT], SamplingParams(temperature=0, max_tokens=3))
    #    Once more through one norm: the prompt's embeddings, a thousand times smaller. Here epsilon decides.
    prompt, new = outputs[0].prompt_token_ids, list(outputs[0].outputs[0].token_ids)
    llm.apply_model(lambda model: tiny_input(model.model, prompt))
    llm.collective_rpc("workbook_capture_stop", args=(str(run.folder),))
    captured = capture.read(Path(str(run.folder)))
    tokens = [llm.get_tokenizer().decode([token]) for token in prompt]
    print(f"\nPrompt: {PROMPT}\nOutput: {outputs[0].outputs[0].text!r}\n")

    # 5) The norm before layer 1's attention, computed by both formulas from what went into it. Its input is a pair.
    name = "model.layers.1.input_layernorm"
    x = captured(name, 0, "in.0") + captured(name, 0, "in.1")
    weight = weights.read(Path(run.model), f"{name}.")["weight"]
    rms = x / np.sqrt(np.mean(x**2, axis=-1, keepdims=True) + config.rms_norm_eps) * weight
    centred = x - x.mean(axis=-1, keepdims=True)
    layernorm = centred / np.sqrt(np.mean(centred**2, axis=-1, keepdims=True) + config.rms_norm_eps) * weight
    anatomy.norms(run, list(zip(tokens, x, captured(name, 0, "out.0"), rms, layernorm, strict=True)))

    # 6) How large the residual stream is after each layer.
    anatomy.stream(run, captured, len(layers), tokens)

    # 7) The same tokens through transformers' LLaMA, with the same weights: in the engine's dtype, and in float32.
    with run.phase("transformers"):
        from transformers import LlamaForCausalLM

        theirs: Any = LlamaForCausalLM.from_pretrained(run.model, config=config, dtype=dtype)
        ids, places = torch.tensor([[*prompt, *new[:-1]]]), slice(-len(new), None)
        with torch.inference_mode():
            same_dtype = theirs(ids).logits[0, places].float().numpy()
            exact = theirs.float()(ids).logits[0, places].numpy()
    ours = np.concatenate([captured("logits_processor", step, "out.0") for step in range(len(new))])
    anatomy.logits(run, {"vLLM": ours, "transformers": same_dtype, "float32": exact})

    # 8) Where the time went, and where the recording of every engine step is.
    timings.report(run, llm, outputs)
    closing.close(run, llm)


if __name__ == "__main__":
    lesson.main(main)
