"""A solution of lesson 2.9's exercise wire_speed.

第 2.9 课练习 wire_speed 的参考解答。
"""

from typing import Any

_BYTES = {"bfloat16": 2, "float16": 2, "float32": 4}


def wire_speed(config: dict[str, Any], tp: int, bits_per_s: int, step_seconds: float, broadcast: float) -> float:
    """How many tokens a second does one request get, with a rank on each of two hosts and this link between them?

    两台主机各一个 rank，中间是这条链路：一个请求每秒能得到多少个 token？
    """
    if tp == 1:
        return 1 / step_seconds
    size = _BYTES[config["dtype"]]
    hidden = config["hidden_size"] * size
    # vLLM fills the vocabulary up to a multiple of 64.
    # vLLM 把词表补齐到 64 的倍数。
    logits = -(-config["vocab_size"] // 64) * 64 // tp * size
    # Embedding, and attention and MLP of each layer; then the logits.
    # 嵌入一次，每层注意力和 MLP 各一次；最后是 logits。
    with_data = [hidden // 4] * 4 * (1 + 2 * config["num_hidden_layers"]) + [logits // 2] * 2
    sent = broadcast
    for data in with_data:
        frames = -(-(48 + data) // 1448)
        # The message, what comes back for it, and its two announcements.
        # 消息本身、对方的确认，以及两条预告。
        sent += 48 + data + 66 * (frames + frames // 2) + 2 * (48 + 66)
    # One direction counts: both are busy at the same time, and nothing is computed meanwhile.
    # 只算一个方向：两个方向同时在传，这段时间里不计算。
    return 1 / (step_seconds + 8 * sent / bits_per_s)
