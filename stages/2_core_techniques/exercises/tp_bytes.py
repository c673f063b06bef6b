"""Exercise of lesson 2.5. Grade it: workbook grade tp_bytes

第 2.5 课练习。评分：workbook grade tp_bytes
"""


def tp_bytes(layers: int, hidden: int, vocabulary: int, step: dict[str, int], ranks: int, element_bytes: int) -> int:
    """How many bytes does one rank put into the collectives of one step of a LLaMA?

    layers, hidden   of the model; hidden is the width of what flows between the layers
    vocabulary       its tokens, here a multiple of 64 · ranks, so that nothing is padded
    step             {"tokens": 5, "requests": 1}: what the scheduler chose. Each request needs one row of logits.
    ranks            the tensor parallel size; 1: nobody to talk to
    element_bytes    of a number in activations and logits: 2 for bfloat16
    returns          bytes, an int: what this rank hands over, however the transport carries it

    Example: 1 layer, hidden 8, vocabulary 128, 1 token of 1 request, 2 ranks, 2 bytes: 3 all-reduces of 16 bytes, and 128
    bytes for the all-gather: 176.

    Source: vllm.distributed.parallel_state:GroupCoordinator.all_reduce,
    vllm.model_executor.layers.logits_processor:LogitsProcessor._gather_logits

    一个 rank 在 LLaMA 的一步里，往各次集合通信中放入多少字节？

    layers, hidden   模型的层数和隐藏维度；hidden 是层与层之间数据的宽度
    vocabulary       词表大小，这里都是 64 · ranks 的倍数，所以没有填充
    step             {"tokens": 5, "requests": 1}：调度器的选择。每个请求需要一行 logits。
    ranks            张量并行度；为 1 时没有通信对象
    element_bytes    激活和 logits 中一个数的字节数：bfloat16 为 2
    返回值           字节数，int：这个 rank 交出的数据量，与传输方式无关

    例：1 层、hidden 为 8、词表 128、1 个请求的 1 个 token、2 个 rank、2 字节：3 次 all-reduce，每次 16 字节；
    all-gather 128 字节：共 176。
    """
    raise NotImplementedError("tp_bytes")
