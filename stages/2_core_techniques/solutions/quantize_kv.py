"""A solution of lesson 2.6's exercise quantize_kv.

第 2.6 课练习 quantize_kv 的参考解答。
"""

import torch


def quantize_kv(kv: torch.Tensor, kind: str, scale: float) -> list[torch.Tensor]:
    """What does the cache hold for these keys (or values), and with which scales is it read?

    这些键（或值）在缓存里存成什么，读取时又乘以什么缩放因子？
    """
    if kind == "int8_per_token_head":
        scales = (kv.abs().amax(-1) / 127).clamp(min=1e-6)
        x = kv * (1 / scales)[..., None]
        return [torch.sign(x) * torch.floor(x.abs() + 0.5), scales]
    dtype = torch.float8_e5m2 if kind == "fp8_e5m2" else torch.float8_e4m3fn
    most = torch.finfo(dtype).max
    x = (kv * (1 / scale)).clamp(-most, most)
    stored = x.to(dtype)
    above = stored.float().abs() > x.abs()  # rounded away from zero: take the number before, whose bits are one less
    stored = (stored.view(torch.uint8) - above.to(torch.uint8)).view(dtype)
    return [stored.float(), torch.full(kv.shape[:2], scale)]
