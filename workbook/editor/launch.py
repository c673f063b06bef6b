"""What F5 offers: a configuration for every script, with and without stops, for exercises, tests, and running processes.

Only attributes that the Python Debugger extension documents. Names are English: one committed file serves everyone.
Groups and their order are VSCode's ``presentation``: it sorts groups by name, configurations by ``order``.
"""

from pathlib import Path
from typing import Any

from workbook import models, scripts, stops
from workbook.course import lessons
from workbook.course.lessons import Lesson
from workbook.stops import listen, timeouts

Configuration = dict[str, Any]

START, EXERCISES, OTHERS, RUNNING = "0_start", "7_exercises", "8_others", "9_running"

# In EngineCore, in a collective, and around it: a stop for each kind of process. https://docs.vllm.ai/en/latest/design/arch_overview
TWO_RANKS = (
    "vllm.v1.core.sched.scheduler:Scheduler.schedule",
    "vllm.model_executor.layers.linear:RowParallelLinear.forward",
    "vllm.distributed.parallel_state:GroupCoordinator.all_reduce",
)


def launch_json() -> dict[str, Any]:
    """The whole file. Raises WorkbookError where a lesson's header is not valid."""
    course = [lesson for lesson in lessons.all_lessons() if lesson.script]
    taught = {lesson.script for lesson in course}
    others = [script for script in scripts.all_scripts() if script not in taught and script.stem != "llama_debug"]
    made = [*_start(), *(c for lesson in course for c in _of(lesson))]
    made += [_script(script.stem, script.stem, group=OTHERS) for script in others]
    made += [*_open_file(), *_running()]
    return {
        "version": "0.2.0",
        "configurations": [_ordered(configuration, number) for number, configuration in enumerate(made, 1)],
        "inputs": [script_input(), model_input()],
    }


def _start() -> list[Configuration]:
    """The plan's two, LLaMA over two ranks, and a choice of everything."""
    two_ranks = ["--tp", "2", "--model", "tiny"]
    first = _script("vLLM: first inference", "step1_basic_llama", group=START)
    llama = _script("vLLM: LLaMA, step by step", "llama_debug", group=START, cards=2)
    ranks = _script("vLLM: LLaMA on two ranks", "llama_debug", two_ranks, group=START, cards=2)
    stopped = _script(
        "vLLM: LLaMA on two ranks, with stops", "llama_debug", two_ranks, group=START, cards=2, at="\n".join(TWO_RANKS)
    )
    chosen = _script(
        "vLLM: choose script and model", "${input:script}", ["--model", "${input:model}"], group=START, cards=2
    )
    return [first, llama, ranks, stopped, chosen]


def _of(lesson: Lesson) -> list[Configuration]:
    """A lesson's script as it is, and with the lesson's stops where it has some."""
    name = f"{lesson.number} {lesson.header.title.en}"
    script, arguments = str(lesson.header.script), lesson.header.arguments
    plain = _script(name, script, group=lesson.stage.name)
    if not lesson.header.stops:
        return [plain]
    return [plain, _script(f"{name}, with stops", script, arguments, group=lesson.stage.name, at=lesson.number)]


def _script(
    name: str, script: str, arguments: list[str] | None = None, *, group: str, cards: int = 1, at: str | None = None
) -> Configuration:
    """A script of my_debug_scripts/. ``at``: the value of WORKBOOK_STOPS; ``cards``: how many GPUs it may see."""
    asked = arguments or []
    if "--tp" in asked:
        cards = int(asked[asked.index("--tp") + 1])
    program = f"${{workspaceFolder}}/my_debug_scripts/{script}.py"
    made = _launch(name, group, program=program, **({"args": asked} if asked else {}))
    made["env"] = {"CUDA_VISIBLE_DEVICES": ",".join(map(str, range(cards)))} | made["env"]
    if at:
        made["env"]["WORKBOOK_STOPS"] = at
        made["internalConsoleOptions"] = "openOnSessionStart"  # the stops' notes stand in the debug console
    return made


def _launch(name: str, group: str, **what: Any) -> Configuration:
    return {
        "name": name,
        "type": "debugpy",
        "request": "launch",
        **what,
        "cwd": "${workspaceFolder}",
        "console": "integratedTerminal",
        "justMyCode": False,  # vLLM lies in site-packages
        "subProcess": True,  # EngineCore and the workers are processes of their own
        "env": {"VLLM_LOGGING_LEVEL": "DEBUG", **stops.environment()},
        "presentation": {"group": group},
    }


def _open_file() -> list[Configuration]:
    """For the file in the editor: an exercise is graded (the learner's function runs in a child process), a test is run."""
    grade = ["grade", "${fileBasenameNoExtension}", "--time-limit", str(timeouts.PAUSE_S)]  # a stop takes its time
    return [
        _launch("Exercise: grade the open file", EXERCISES, module="workbook.cli", args=grade),
        _launch("Tests: the open file", EXERCISES, module="pytest", args=["${file}"]),
    ]


def _running() -> list[Configuration]:
    """For a process that runs already; its id needs gdb, or Python 3.14, and the right to trace the process."""
    common = {"type": "debugpy", "request": "attach"}
    last = {"justMyCode": False, "presentation": {"group": RUNNING}}
    address = {"host": "127.0.0.1", "port": listen.PORT}
    return [
        {
            "name": f"Attach: a process that listens on {listen.PORT}",
            **common,
            "connect": address,
            "subProcess": True,
            **last,
        },
        {"name": "Attach: a process by its id", **common, "processId": "${command:pickProcess}", **last},
    ]


def _ordered(configuration: Configuration, number: int) -> Configuration:
    return configuration | {"presentation": configuration["presentation"] | {"order": number}}


def script_input() -> dict[str, Any]:
    """The question which script: by lesson where it belongs to one, else by name."""
    of = {lesson.script: f"{lesson.number} {lesson.header.title.en}" for lesson in reversed(lessons.all_lessons())}

    def option(script: Path) -> dict[str, str]:
        return {"label": of.get(script, script.stem), "value": script.stem}

    options = sorted(map(option, scripts.all_scripts()), key=lambda o: _natural(o["label"]))
    return {"id": "script", "type": "pickString", "description": "Which lesson?", "options": options}


def _natural(label: str) -> tuple[bool, list[int], str]:
    """Lessons by number (1.10 after 1.9), then the other scripts."""
    number = label.split(" ", 1)[0].split(".")
    is_lesson = all(part.isdigit() for part in number)
    return not is_lesson, [int(part) for part in number] if is_lesson else [], label


def model_input() -> dict[str, Any]:
    """The question which model."""
    names = list(models.KNOWN)
    return {"id": "model", "type": "pickString", "description": "Which model?", "options": names, "default": names[0]}
