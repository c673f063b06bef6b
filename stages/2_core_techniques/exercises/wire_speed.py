"""Exercise of lesson 2.9. Grade it: workbook grade wire_speed

第 2.9 课练习。评分：workbook grade wire_speed
"""

from typing import Any


def wire_speed(config: dict[str, Any], tp: int, bits_per_s: int, step_seconds: float, broadcast: float) -> float:
    """How many tokens a second does one request get, with a rank on each of two hosts and this link between them?

    config        the model's numbers, with the names of its config.json, here those of the tiny model:
                  {"num_hidden_layers": 4, "hidden_size": 256, "vocab_size": 49152, "dtype": "bfloat16", …}
                  dtype is "bfloat16", "float16" or "float32"; activations and logits have it
    tp            2: one rank on each host; 1: the whole model on one, and nothing on the wire
    bits_per_s    of the link, in each direction
    step_seconds  of a decode step of this request over a link without limit, computing and waiting together
    broadcast     bytes that the scheduler sends to the other host in a step, headers included
    returns       tokens a second

    What gloo and TCP make of the collectives, in each direction: an all-reduce goes as 4 messages with a quarter of the tensor
    each, the all-gather as 2 messages with half of a rank's logits each. For each of these messages two more go ahead, without
    data. Every message, with data or without, begins with 48 bytes of gloo's and goes in frames of its own: 66 bytes of
    headers, at most 1,448 bytes in each. For every second frame of a long message a frame without content (66 bytes) comes back.

    Example: 1 layer, hidden_size 64, vocab_size 1024, float32, tp 2, 1,000,000 bits/s, a step of 0.01 s, broadcast 1000: a step sends
    768 bytes for three all-reduces, 2,048 for the all-gather, 2,016 of gloo's own, 2,772 of headers, and the 1,000:
    8,604 bytes, hence 12.69 tokens a second.

    Source: vllm.v1.worker.gpu_model_runner:GPUModelRunner.execute_model; gloo/allreduce.cc and gloo/allgather.cc of pytorch/gloo

    两台主机各一个 rank，中间是这条链路：一个请求每秒能得到多少个 token？

    config        模型的各项参数，名称与 config.json 相同，上面列出的是 tiny 模型的；
                  dtype 是 "bfloat16"、"float16" 或 "float32"，激活和 logits 都用它
    tp            2：每台主机一个 rank；1：整个模型在一台主机上，链路上没有数据
    bits_per_s    链路速率，每个方向各有这么多
    step_seconds  这个请求在不限速链路上一个解码步的秒数，计算和等待都在内
    broadcast     调度器每步发给另一台主机的字节数，含帧头
    返回值        每秒 token 数

    gloo 和 TCP 怎样传这些集合通信（每个方向）：一次 all-reduce 发 4 条消息，各带张量的四分之一；all-gather 发 2 条消息，
    各带本 rank 的 logits 的一半。每条消息之前另有两条不带数据的消息。每条消息（带不带数据都一样）以 gloo 的 48 字节开头，
    单独装帧：每帧 66 字节帧头，最多装 1,448 字节。长消息每两帧，对方会回一个空帧（66 字节）。

    例：1 层，hidden_size 64，vocab_size 1024，float32，tp 2，1,000,000 bit/s，一步 0.01 秒，broadcast 1000：一步要发三次
    all-reduce 的 768 字节、all-gather 的 2,048 字节、gloo 自己的 2,016 字节、帧头 2,772 字节，以及那 1,000 字节：
    共 8,604 字节，即每秒 12.69 个 token。
    """
    raise NotImplementedError("wire_speed")
