"""``workbook vllm``: what it adds to vLLM's arguments, and the one traceback that it leaves out."""

import logging
import os
import sys

import pytest

from workbook import vllm_command


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """``prepare`` sets what vLLM reads; the next test must not see it."""
    monkeypatch.setattr(os, "environ", dict(os.environ))


def test_serve_lets_requests_and_workers_end() -> None:
    assert vllm_command.prepare(["serve", "someone/model"])[2:] == ["--shutdown-timeout", "5"]
    assert vllm_command.prepare(["serve", "m", "--shutdown-timeout", "0"]) == ["serve", "m", "--shutdown-timeout", "0"]
    assert vllm_command.prepare(["bench", "latency"]) == ["bench", "latency"]


def test_the_engine_s_death_is_silent_after_ctrl_c_only() -> None:
    class EngineDeadError(Exception):
        pass

    def record(message: str, error: Exception | None = None) -> logging.LogRecord:
        try:
            if error:
                raise error
        except Exception:
            return logging.LogRecord("vllm", logging.ERROR, "", 0, message, None, sys.exc_info())
        return logging.LogRecord("vllm", logging.INFO, "", 0, message, None, None)

    quiet = vllm_command._QuietEnd()
    assert quiet.filter(record("output_handler failed", EngineDeadError()))
    assert quiet.filter(record("[shutdown] API server: shutdown triggered"))
    assert quiet.filter(record("output_handler failed", ValueError()))
    assert quiet.filter(record("another line"))
    assert not quiet.filter(record("output_handler failed", EngineDeadError()))
