"""A solution of lesson 1.3's exercise stream_text.

第 1.3 课练习 stream_text 的参考解答。
"""


def stream_text(pieces: list[bytes]) -> list[str]:
    """What text does the engine send after each generated token?

    每生成一个 token，引擎会送出什么文本？
    """
    texts = []
    waiting = b""  # has come, and is not sent yet · 已到达、还没送出的字节
    for piece in pieces:
        waiting += piece
        text = waiting.decode("utf-8", errors="replace")
        if text.endswith("\ufffd"):
            # All of it waits, whole characters before the broken one as well: the blank of b" \xe5", too.
            # 全部等待，包括残缺字符之前的完整字符：b" \xe5" 里的空格也要等。
            texts.append("")
        else:
            texts.append(text)
            waiting = b""
    return texts
