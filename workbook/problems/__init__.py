"""Three faults planted in a real engine, for the lesson on debugging: a hang, a wrong shape, a KV cache that is too small.

Each goes in by an official way (scheduler_cls, apply_model, arguments of LLM) and stands in a module of its own, which this one
imports only when it is asked for: whoever reads them knows the answers. :mod:`evidence` keeps what a run shows of its fault.
"""

from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from vllm import LLM

    from workbook.architecture import Architecture

Name = Literal["hang", "shape", "memory"]
NAMES: tuple[str, ...] = get_args(Name)


def environment(name: str | None) -> dict[str, str]:
    """Variables of the run, to be set before lesson.start(): a hang is looked at from outside, in the engine's own process."""
    return {"VLLM_ENABLE_V1_MULTIPROCESSING": "1"} if name == "hang" else {}


def arguments(name: str | None, architecture: "Architecture | None") -> dict[str, Any]:
    """Arguments of ``LLM(...)`` that carry the fault; they go last, over the machine's."""
    if name == "hang":
        return {"scheduler_cls": "workbook.problems.metering.MeteredScheduler"}
    if name == "memory" and architecture:
        from workbook.problems import service

        return service.arguments(architecture)
    return {}


def plant(name: str | None, llm: "LLM") -> None:
    """What can go in only when the model is there. Needs the engine in this process."""
    if name == "shape":
        from workbook.problems import adapter, shapes

        llm.apply_model(adapter.attach)
        llm.apply_model(shapes.note_outputs)
