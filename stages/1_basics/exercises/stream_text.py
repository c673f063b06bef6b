"""Exercise of lesson 1.3. Grade it: workbook grade stream_text

第 1.3 课练习。评分：workbook grade stream_text
"""


def stream_text(pieces: list[bytes]) -> list[str]:
    """What text does the engine send after each generated token?

    A token of a byte-level tokenizer stands for some bytes, and the text is all bytes so far as UTF-8, in which a
    character takes one to four bytes. So a token may end in the middle of a character. What has been sent cannot be
    taken back: the engine decodes what it has not sent yet, and as long as that ends with U+FFFD (the sign for
    bytes that are no character), it sends the empty string and waits for the next token. When the request ends,
    nothing more is sent.

    pieces    the bytes of each generated token, in their order
    returns   a list as long as pieces: the text that is sent when the token has come

    Example: stream_text([b"caf", b"\\xc3", b"\\xa9 "]) == ["caf", "", "é "]

    Source: vllm.v1.engine.detokenizer:FastIncrementalDetokenizer.decode_next

    每生成一个 token，引擎会送出什么文本？

    字节级分词器的一个 token 代表若干字节；把到目前为止的所有字节按 UTF-8 解码，就是文本。UTF-8 的一个字符占一到四个字节，
    所以一个 token 可能停在某个字符的中间。已经送出的文本收不回来，因此引擎解码尚未送出的那些字节：只要结果以
    U+FFFD（表示“这些字节不成字符”）结尾，就送出空字符串，等下一个 token。请求结束时，不再补送任何内容。

    pieces    依次生成的每个 token 的字节
    返回值    与 pieces 等长的列表：每个 token 到来时送出的文本

    例：stream_text([b"caf", b"\\xc3", b"\\xa9 "]) == ["caf", "", "é "]
    """
    raise NotImplementedError("stream_text")
