"""What killed runs leave in shared memory is removed; what is in use, young, or someone else's is not."""

import mmap
import os
import time
from pathlib import Path

from workbook import guard


def test_stale_shared_memory_is_removed(tmp_path: Path) -> None:
    old = time.time() - 3600
    for name in ("vllm_dist_stale", "vllm_dist_used", "other"):
        (tmp_path / name).write_bytes(bytes(4096))
        os.utime(tmp_path / name, (old, old))
    (tmp_path / "vllm_dist_young").touch()
    with (tmp_path / "vllm_dist_used").open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ):
        assert guard.remove_stale_shared_memory(tmp_path) == [tmp_path / "vllm_dist_stale"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "vllm_dist_used", "vllm_dist_young"]
