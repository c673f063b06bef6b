"""A solution of lesson 2.2's exercise block_hashes.

第 2.2 课练习 block_hashes 的参考解答。
"""

import hashlib
import pickle


def block_hashes(tokens: list[int], block_size: int, first_parent: bytes, cache_salt: str | None) -> list[bytes]:
    """Under which hashes does vLLM keep the blocks of a prompt?

    vLLM 用什么哈希保存提示词的各个块？
    """
    hashes: list[bytes] = []
    parent = first_parent
    for start in range(0, len(tokens) - block_size + 1, block_size):  # full blocks only · 只有满块
        # The salt of the first block reaches all others through their parents.
        # 第一个块的 salt 通过父哈希传到后面所有的块。
        extra = (("cache_salt", cache_salt),) if cache_salt and start == 0 else None
        value = (parent, tuple(tokens[start : start + block_size]), extra)
        parent = hashlib.sha256(pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)).digest()
        hashes.append(parent)
    return hashes
