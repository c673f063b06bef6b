"""Exercise of lesson 2.2. Grade it: workbook grade block_hashes

第 2.2 课练习。评分：workbook grade block_hashes
"""


def block_hashes(tokens: list[int], block_size: int, first_parent: bytes, cache_salt: str | None) -> list[bytes]:
    """Under which hashes does vLLM keep the blocks of a prompt? They must be the engine's own, byte for byte.

    The hash of a block is that of a tuple of three: the hash of the block before it (its parent), a tuple of its token
    ids, and a tuple of extra keys, or None where there are none. Here only the first block of a request with a
    cache_salt has any: one pair, so (("cache_salt", cache_salt),). Only full blocks have a hash.

    vLLM's default hash function, sha256, is hashlib's, over the bytes of a pickle:
        hashlib.sha256(pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)).digest()

    tokens         the prompt's token ids
    block_size     tokens in a block
    first_parent   32 bytes, which stand in place of a parent for the first block
    cache_salt     a text, or None
    returns        the hash of each full block, 32 bytes each, in order

    Example: block_hashes([5, 6, 7, 8, 9], 2, bytes(32), None) gives two hashes, which begin with the bytes 7d2f and
    81b1 (in hexadecimal); with cache_salt="ann" the first one begins with 2c9f, and the second differs too.

    Source: vllm.v1.core.kv_cache_utils:hash_block_tokens, vllm.utils.hashing:sha256

    vLLM 用什么哈希保存提示词的各个块？要与引擎自己的逐字节相同。

    一个块的哈希，是对一个三元组求哈希：前一个块的哈希（父哈希）、本块 token id 组成的元组、附加键的元组（没有则为 None）。
    这里只有带 cache_salt 的请求的第一个块有附加键，只有一对：(("cache_salt", cache_salt),)。只有装满的块才有哈希。

    vLLM 默认的哈希函数 sha256 就是 hashlib 的那个，作用于 pickle 的字节，写法见上。

    tokens         提示词的 token id
    block_size     每块的 token 数
    first_parent   32 个字节，第一个块用它代替父哈希
    cache_salt     一段文本，或 None
    返回值         每个满块的哈希，各 32 字节，按顺序排列

    例：block_hashes([5, 6, 7, 8, 9], 2, bytes(32), None) 得到两个哈希，开头几个字节（十六进制）分别是 7d2f 和
    81b1；cache_salt="ann" 时第一个以 2c9f 开头，第二个也随之不同。
    """
    raise NotImplementedError("block_hashes")
