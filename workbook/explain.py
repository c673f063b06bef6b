"""vLLM's errors in one sentence with the next step.

An engine in another process says only "Engine core initialization failed": the cause is in the log. So each
pattern is looked for in the error's own text first, then in the log. Texts as vLLM 0.32.0 writes them.
"""

import re
from collections.abc import Iterator

from workbook.i18n import tr

# (pattern, English, Chinese); the pattern's groups fill {0}, {1}, ...
_KNOWN: tuple[tuple[str, str, str], ...] = (
    (
        # vllm.v1.core.kv_cache_utils:_check_enough_kv_cache_memory
        r"max seq len \((\d+)\), \(([\d.]+) GiB KV cache is needed, which is larger than the available KV cache "
        r"memory \(([\d.]+) GiB\)(?:.*?estimated maximum model length is (\d+))?",
        "max_model_len={0} needs {1} GiB of KV cache for one request, and the cache has {2} GiB (it would hold {3} tokens): "
        "lower max_model_len, or raise kv_tokens in lesson.start(...) (on a GPU: gpu_memory_utilization).",
        "max_model_len={0} 时一个请求需要 {1} GiB 的 KV 缓存，而缓存只有 {2} GiB（可容纳 {3} 个 token）："
        "请减小 max_model_len，或增大 lesson.start(...) 中的 kv_tokens（GPU 上则增大 gpu_memory_utilization）。",
    ),
    (
        # vllm.renderers.params:TokenizeParams (token_len_check, text_len_check)
        r"maximum context length is (\d+) tokens\. However, your prompt contains (?:at least )?(\d+) (input token|character)s",
        "A prompt has {1} {2}s, and max_model_len={0} leaves no room for it and a new token: shorten it, or raise max_model_len.",
        "有一个提示词过长（{1} 个{2}），在 max_model_len={0} 下已没有生成新 token 的余地：请缩短提示词，或增大 max_model_len。",
    ),
    (
        # vllm.v1.engine.input_processor:InputProcessor
        r"prompt \(length (\d+)\)(?: plus the number of requested output tokens \(at least 1\))? is "
        r"longer than the maximum model length of (\d+)",
        "A prompt has {0} input tokens, and max_model_len={1} leaves no room for it and a new token: shorten it, or raise max_model_len.",
        "有一个提示词过长（{0} 个 token），在 max_model_len={1} 下已没有生成新 token 的余地：请缩短提示词，或增大 max_model_len。",
    ),
    (
        # vllm.config.model:_get_and_verify_max_len
        r"User-specified max_model_len \((\d+)\) is greater than the derived max_model_len \([^=]*=(\d+)",
        "max_model_len={0} is more than the {1} positions that the model was made for: lower max_model_len.",
        "max_model_len={0} 超过了模型支持的 {1} 个位置：请减小 max_model_len。",
    ),
    (
        # vllm.config.model:ModelConfig.verify_with_parallel_config
        r"attention heads \((\d+)\) must be divisible by tensor parallel size \((\d+)\)",
        "The model has {0} attention heads, which {1} ranks cannot share evenly: choose a tensor_parallel_size that divides {0}.",
        "模型有 {0} 个注意力头，无法平均分给 {1} 个 rank：请选择能整除 {0} 的 tensor_parallel_size。",
    ),
    (
        # vllm.config.parallel:ParallelConfig
        r"World size \((\d+)\) is larger than the number of available GPUs \((\d+)\)",
        "{0} GPUs are asked for, and {1} can be used here: lower tensor_parallel_size, or widen CUDA_VISIBLE_DEVICES.",
        "要求使用 {0} 张 GPU，但这里只有 {1} 张可用：请减小 tensor_parallel_size，或让 CUDA_VISIBLE_DEVICES 包含更多显卡。",
    ),
    (
        # vllm.utils.ompmultiprocessing:OMPProcessManager
        r"Not enough allowed NUMA nodes to bind threads of (\d+) local CPUWorkers",
        "On CPU, tensor parallelism over {0} processes needs the cores dealt out before vLLM starts: "
        "use the script's --tp {0} instead of editing tensor_parallel_size.",
        "在 CPU 上用 {0} 个进程做张量并行，需要在 vLLM 启动前分配好核心：请用脚本的 --tp {0}，而不是直接改 tensor_parallel_size。",
    ),
    (
        # vllm.v1.worker.utils:request_memory, vllm.v1.worker.cpu_worker:CPUWorker
        r"\(([\d.]+)/([\d.]+) GiB\) on startup is less than desired [CG]PU memory utilization \(([\d.]+), ([\d.]+) GiB\)",
        "gpu_memory_utilization={2} asks for {3} of {1} GiB, and {0} GiB are free: lower it, or close what else uses the memory.",
        "gpu_memory_utilization={2} 要求 {1} GiB 中的 {3} GiB，而只有 {0} GiB 空闲：请调低它，或关闭占用内存的其他程序。",
    ),
    (
        # vllm.v1.executor.multiproc_executor:MultiprocExecutor.start_worker_monitor
        r"Worker proc (\S+) died unexpectedly \(exit code: (-?\d+)\)",
        "The worker process {0} died (exit code {1}; -9 means that it was killed, as the system does when memory runs out): "
        "run the script again, with a smaller model if it happens again.",
        "工作进程 {0} 已退出（退出码 {1}；-9 表示被杀死，内存耗尽时系统会这样做）：请重新运行脚本；如果再次发生，请换更小的模型。",
    ),
    (
        r"CUDA out of memory|torch\.OutOfMemoryError",
        "The GPU has no memory left: lower gpu_memory_utilization or max_num_seqs, or choose a smaller --model "
        "(`workbook doctor --model NAME` shows the arithmetic).",
        "GPU 显存不足：请调低 gpu_memory_utilization 或 max_num_seqs，或换更小的 --model"
        "（`workbook doctor --model 名称` 会列出计算过程）。",
    ),
    (
        # vllm.config.device:DeviceConfig
        r"Failed to infer device type",
        "vLLM found no device: the CUDA build needs an NVIDIA driver; on a machine without a GPU run `scripts/run.sh --cpu`.",
        "vLLM 没有找到设备：CUDA 版需要 NVIDIA 驱动；没有 GPU 的机器请运行 `scripts/run.sh --cpu`。",
    ),
    (
        r"An attempt has been made to start a new process before the",
        'The script starts the engine outside main(): put the code below `if __name__ == "__main__":`, '
        "because every engine process imports the script again.",
        '脚本在 main() 之外启动了引擎：请放到 `if __name__ == "__main__":` 之下，因为每个引擎进程都会重新导入脚本。',
    ),
)


def explain(error: BaseException, log: str) -> str | None:
    """Return the sentence for ``error``, read together with the engine's ``log``; None if the cause is not known."""
    for text in (*_messages(error), log):
        for pattern, en, zh in _KNOWN:
            if match := re.search(pattern, text, re.DOTALL):
                groups = [_words(group or "?") for group in match.groups()]
                return tr(en, zh).format(*groups)
    return None


def _words(group: str) -> str:
    """A unit that vLLM's text names, in the learner's language."""
    units = {"input token": tr(group, " token"), "character": tr(group, "字符")}
    return units.get(group, group)


def _messages(error: BaseException | None) -> Iterator[str]:
    """The texts of an error and of those that led to it."""
    while error is not None:
        yield f"{type(error).__module__}.{type(error).__qualname__}: {error}"
        error = error.__cause__ or error.__context__
