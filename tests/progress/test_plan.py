"""The template holds every line of the learning plan's checklists, and is itself well made."""

import re

from workbook.progress import faults, learner, report
from workbook.progress.page import Page, box_of, section_of

# The plan's lines as it writes them, with its marks left out, and the box that stands for each.
PLAN = {
    "第二章 1.2 学习检查点": {
        "理解 `LLM` 类的初始化流程": "c1-llm-init",
        "找到模型权重加载位置（`model_executor/model_loader/`）": "c1-weight-loading",
        "理解 `SamplingParams` 如何影响生成策略": "c1-sampling-params",
        "追踪一个token的生成过程": "c1-token-life",
    },
    "第二章 2.1 检查点": {
        "画出PagedAttention的内存布局图": "c21-draw-layout",
        "解释为什么PagedAttention能提高吞吐量": "c21-throughput",
        "理解block_size参数的影响": "c21-block-size",
    },
    "第二章 2.2 检查点": {
        "解释prefill vs decode的区别": "c22-prefill-decode",
        "理解chunked prefill的作用": "c22-chunked-prefill",
        "绘制continuous batching的时序图": "c22-draw-timing",
    },
    "第二章 2.3 检查点": {
        "画出LLaMA模型在TP=2时的切分方式": "c23-draw-tp2",
        "理解QKV projection为何用ColumnParallel": "c23-qkv-column",
        "理解output projection为何用RowParallel": "c23-output-row",
    },
    "第二章 3.1 实战练习": {
        "适配一个带有GQA（Grouped Query Attention）的模型": "c31-gqa",
        "添加自定义RoPE（Rotary Position Embedding）变体": "c31-rope",
        "支持不同的MLP激活函数": "c31-activations",
    },
    "第三章 3.1 核心概念": {
        "**PagedAttention**: 分块KV缓存管理": "k1-paged-attention",
        "**Continuous Batching**: 动态批处理调度": "k1-continuous-batching",
        "**Tensor Parallelism**: 跨GPU模型切分": "k1-tensor-parallel",
        "**Chunked Prefill**: 分块预填充": "k1-chunked-prefill",
        "**Prefix Caching**: 公共前缀复用": "k1-prefix-caching",
        "**Speculative Decoding**: 推测解码加速": "k1-speculative-decoding",
    },
    "第三章 3.2 模型架构理解": {
        "Transformer架构（Self-Attention, MLP）": "k2-transformer",
        "RoPE位置编码": "k2-rope",
        "GQA（Grouped Query Attention）": "k2-gqa",
        "RMSNorm vs LayerNorm": "k2-rmsnorm",
        "SwiGLU激活函数": "k2-swiglu",
    },
    "第三章 3.3 系统优化": {
        "CUDA Kernel编写基础": "k3-cuda-kernels",
        "FP8/INT8量化": "k3-quantization",
        "FlashAttention集成": "k3-flash-attention",
        "内存池管理": "k3-memory-pool",
        "通信优化（NCCL）": "k3-nccl",
    },
    "第六章 Week 1-2": {
        "环境搭建完成": "w01-environment",
        "运行第一个LLaMA推理示例": "w01-first-run",
        "理解LLM类的初始化流程": "w01-llm-init",
        "追踪完整的token生成过程": "w01-token-life",
        "阅读`llama.py`核心代码": "w01-read-llama",
    },
    "第六章 Week 3-4": {
        "理解PagedAttention原理": "w03-paged-attention",
        "调试KV cache管理": "w03-debug-kv-cache",
        "绘制内存布局图": "w03-draw-layout",
        "分析block_size的影响": "w03-block-size",
    },
    "第六章 Week 5-6": {
        "理解调度器工作原理": "w05-scheduler",
        "区分prefill和decode": "w05-prefill-decode",
        "测试并发请求处理": "w05-concurrent-requests",
        "理解chunked prefill": "w05-chunked-prefill",
    },
    "第六章 Week 7-8": {
        "理解Tensor Parallelism": "w07-tensor-parallel",
        "调试2卡TP推理": "w07-debug-tp2",
        "分析通信开销": "w07-communication",
        "测试4卡TP（利用你的4张4090）": "w07-tp4",
    },
    "第六章 Week 9-10": {
        "阅读模型注册机制": "w09-registry",
        "适配一个LLaMA变体": "w09-adapt-variant",
        "添加自定义层": "w09-custom-layer",
        "编写单元测试": "w09-unit-tests",
    },
    "第六章 Week 11-12": {
        "使用Profiler分析性能": "w11-profiler",
        "理解CUDA kernel": "w11-cuda-kernel",
        "测试不同量化方案": "w11-quantization",
        "优化内存占用": "w11-memory",
    },
    "第七章 实战项目": {
        "为Llama-3.3添加完整支持（如果vLLM还未支持）": "p1-new-variant",
        "实现自定义的Attention变体（如Linear Attention）": "p2-attention-variant",
        "优化小batch推理的latency": "p3-small-batch",
        "为特定硬件（如4090）优化kernel参数": "p4-tune-kernel",
    },
    "第九章 成功标准": {
        "能独立为新的LLaMA变体添加vLLM支持": "s-new-variant",
        "理解vLLM的5大核心技术（PagedAttention, Continuous Batching, TP, Chunked Prefill, KV Quantization）": "s-five-techniques",
        "能分析和解决常见的性能/显存问题": "s-diagnose",
    },
}


def test_every_line_of_the_plan_has_its_box() -> None:
    ids = [name for lines in PLAN.values() for name in lines.values()]
    assert len(ids) == len(set(ids)) == 25 + 16 + 16 + 4 + 3
    assert set(ids) <= set(Page(learner.template()).boxes())


def test_a_box_speaks_of_its_line_of_the_plan() -> None:
    """The Chinese half keeps the plan's own nouns, so that an id cannot have slipped to another line."""
    boxes = Page(learner.template()).boxes()
    for lines in PLAN.values():
        for line, name in lines.items():
            chinese = boxes[name].words.partition(report.SEPARATOR)[2]
            plan, ours = (set(re.findall(r"[A-Za-z]{2,}|[\u4e00-\u9fff]", text.lower())) for text in (line, chinese))
            assert len(plan & ours) >= len(plan) * 0.4, (line, chinese)


def test_every_box_is_in_both_languages_and_unticked() -> None:
    for box in Page(learner.template()).boxes().values():
        english, separator, chinese = box.words.partition(report.SEPARATOR)
        assert separator
        assert report.SEPARATOR not in chinese
        assert not re.search("[\u4e00-\u9fff]", english), box
        assert not box.ticked
        assert not box.rest


def test_every_box_stands_in_a_section_of_a_known_stage_and_topic() -> None:
    section = None
    for line in Page(learner.template()).lines:
        section = section_of(line) or section
        if box_of(line):
            assert section
            assert section.fields["stage"] in report.stage_names()
            assert section.fields["topic"] in report.topic_names()


def test_the_template_has_no_fault_but_its_missing_ledger_and_no_stray_bytes() -> None:
    raw = learner.TEMPLATE.read_bytes()
    assert b"\r" not in raw
    assert not raw.startswith(b"\xef\xbb\xbf")
    assert faults.find(learner.template(), learner.template()) == []
    assert len(re.findall("<!-- id:", learner.template())) == len(Page(learner.template()).boxes())
