"""vLLM's scheduler, with a recording of what it does: ``LLM(..., scheduler_cls=RecordingScheduler)``.

The official way in is ``scheduler_cls``. Six methods of ``vllm.v1.core.sched.scheduler:Scheduler`` are overridden;
each calls vLLM's own and then notes what it did. Nothing is decided here, and an error of the recorder ends the
recording, never the generation. What a step costs is counted, and stands in the recording's last line.
"""

import atexit
import os
import time
from pathlib import Path
from typing import Any

from vllm.logger import init_logger
from vllm.v1.core.sched.async_scheduler import AsyncScheduler
from vllm.v1.core.sched.output import SchedulerOutput
from vllm.v1.core.sched.scheduler import Scheduler
from vllm.v1.outputs import ModelRunnerOutput
from vllm.v1.request import Request

from workbook.recorder.header import make_header
from workbook.recorder.notes import Accepted, Notes
from workbook.recorder.writer import FOLDER_VARIABLE, Writer, limit_bytes

logger = init_logger("vllm.workbook.recorder")  # below "vllm", so that it arrives in vLLM's log
_now = time.monotonic_ns


class _Recording(Scheduler):  # type: ignore[misc]
    """What both recording schedulers add. ``notes`` is None where nothing is recorded."""

    notes: Notes | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        folder = os.environ.get(FOLDER_VARIABLE)
        if not folder:
            logger.warning("No recording: %s names no folder. lesson.start() sets it.", FOLDER_VARIABLE)
            return
        try:
            header = make_header(self)
            self.notes = Notes(Writer(Path(folder), limit_bytes()), header, _now(), self)
            atexit.register(self._close_recording)
        except Exception as error:
            self._stop_recording(error)

    def add_request(self, request: Request) -> None:
        """A request arrives."""
        super().add_request(request)
        if self.notes is not None:
            try:
                self.notes.arrived(request, _now())
            except Exception as error:
                self._stop_recording(error)

    def schedule(self, throttle_prefills: bool = False) -> SchedulerOutput:
        """Decide what the next forward pass computes."""
        start = _now()
        output = super().schedule(throttle_prefills)
        if self.notes is not None:
            end = _now()
            try:
                self.notes.scheduled(output, start, end)
            except Exception as error:
                self._stop_recording(error)
            else:
                self.notes.own += _now() - end
        return output

    def update_from_output(self, scheduler_output: SchedulerOutput, model_runner_output: ModelRunnerOutput) -> Any:
        """Take in what the forward pass sampled."""
        notes = self.notes
        if notes is None:
            return super().update_from_output(scheduler_output, model_runner_output)
        accepted: Accepted = []
        if scheduler_output.scheduled_spec_decode_tokens:
            try:
                accepted = notes.accepted(scheduler_output, model_runner_output)
            except Exception as error:
                self._stop_recording(error)
        start = _now()
        notes.in_step = True
        result = super().update_from_output(scheduler_output, model_runner_output)
        notes.in_step = False
        end = _now()
        try:
            notes.updated(scheduler_output, accepted, result, start, end)
        except Exception as error:
            self._stop_recording(error)
        else:
            notes.own += _now() - end
        return result

    def reset_prefix_cache(self, reset_running_requests: bool = False, reset_connector: bool = False) -> bool:
        """Forget what is in the prefix cache."""
        done: bool = super().reset_prefix_cache(reset_running_requests, reset_connector)
        if self.notes is not None:
            try:
                self.notes.reset(done, _now())
            except Exception as error:
                self._stop_recording(error)
        return done

    def shutdown(self) -> None:
        """End the engine."""
        super().shutdown()
        self._close_recording()

    def _preempt_request(self, request: Request, timestamp: float, drop_stale_output: bool = False) -> None:
        if self.notes is not None:
            try:
                self.notes.preempted(request)
            except Exception as error:
                self._stop_recording(error)
        super()._preempt_request(request, timestamp, drop_stale_output)

    def _free_request(self, request: Request, delay_free_blocks: bool = False) -> Any:
        if self.notes is not None:
            try:
                self.notes.finished(request, _now())
            except Exception as error:
                self._stop_recording(error)
        return super()._free_request(request, delay_free_blocks)

    def _close_recording(self) -> None:
        if self.notes is not None:
            try:
                self.notes.close()
            except Exception as error:
                self._stop_recording(error)
            self.notes = None
            atexit.unregister(self._close_recording)

    def _stop_recording(self, error: Exception) -> None:
        """Say it once in vLLM's log; what is on disk stays."""
        notes, self.notes = self.notes, None
        logger.warning("The recording stops here; the engine goes on. %s: %s", type(error).__name__, error)
        if notes is not None:
            atexit.unregister(self._close_recording)
            notes.clerk.abandon()


class RecordingScheduler(_Recording):
    """``Scheduler`` with a recording: where ``async_scheduling`` is off."""


class RecordingAsyncScheduler(_Recording, AsyncScheduler):  # type: ignore[misc]
    """``AsyncScheduler`` with a recording: where ``async_scheduling`` is on, vLLM's default on GPUs.

    ``schedule()`` then runs one step ahead: a request may be scheduled once more after the step in which it ends.
    """
