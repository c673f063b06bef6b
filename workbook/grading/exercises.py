"""The exercises of all lessons: the learner's file, ours, and the hints; read as text, never imported."""

import ast
import hashlib
from dataclasses import dataclass
from pathlib import Path

import msgspec
import yaml

from workbook import paths
from workbook.course import lessons
from workbook.course.header import Text
from workbook.course.lessons import Lesson
from workbook.errors import WorkbookError
from workbook.i18n import listed, tr

LEVELS = 3  # of hints


class SourceError(WorkbookError):
    """The learner's file cannot be graded as it is; ``line``: where to look."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True)
class Exercise:
    """One exercise of a lesson. Its function, or class, has the file's name."""

    lesson: Lesson
    name: str

    @property
    def path(self) -> Path:
        """The learner's file."""
        return self.lesson.exercise(self.name)

    @property
    def solution(self) -> Path:
        """Ours."""
        return self.lesson.solution(self.name)

    @property
    def hints_path(self) -> Path:
        """Three hints, each in both languages: a YAML list of {en, zh}."""
        return self.path.with_suffix(".hints.yaml")

    @property
    def shown(self) -> str:
        """The learner's file as one would type it."""
        return shown(self.path)

    @property
    def shown_solution(self) -> str:
        """Our file as one would type it."""
        return shown(self.solution)

    def hints(self) -> list[Text]:
        """From a nudge to nearly the answer. Raises WorkbookError."""
        try:
            found = msgspec.convert(yaml.safe_load(self.hints_path.read_text(encoding="utf-8")), list[Text])
        except (OSError, UnicodeDecodeError, yaml.YAMLError, msgspec.ValidationError) as error:
            raise WorkbookError(
                tr(
                    f"The hints in {self.hints_path} cannot be read: {' '.join(str(error).split())}.",
                    f"无法读取提示文件 {self.hints_path}：{' '.join(str(error).split())}。",
                )
            ) from None
        return found

    def digest(self) -> str:
        """SHA-256 of the learner's file."""
        return hashlib.sha256(self.path.read_bytes()).hexdigest()

    def definition(self) -> ast.FunctionDef | ast.ClassDef:
        """The function or class in the learner's file. Raises SourceError where it is missing or does not parse."""
        return definition(self.path, self.name)


def every() -> list[Exercise]:
    """Of all lessons, in their order."""
    return [Exercise(lesson, name) for lesson in lessons.all_lessons() for name in lesson.header.exercises]


def find(what: str | None) -> list[Exercise]:
    """All; those of a lesson, by its number or its script; or the one of that name. Raises WorkbookError."""
    known = every()
    if what is None:
        return known
    what = what.removesuffix(".py").rsplit("/", 1)[-1]  # a path is as good
    found = [one for one in known if what in (one.name, one.lesson.number, one.lesson.header.script)]
    if found:
        return [one for one in found if one.name == what] or found
    if any(lesson.number == what for lesson in lessons.all_lessons()):
        raise WorkbookError(
            tr(
                f"Lesson {what} has no exercises: `workbook grade` alone lists those of every lesson.",
                f"第 {what} 课没有练习：不带参数的 `workbook grade` 会列出所有课的练习。",
            )
        )
    names = listed(dict.fromkeys(name for one in known for name in (one.lesson.number, one.name)))
    raise WorkbookError(
        tr(f"There is no exercise '{what}': choose one of {names}.", f"没有练习“{what}”：可选 {names}。")
    )


def one(name: str) -> Exercise:
    """The exercise of that name. Raises WorkbookError, as for a lesson's number that stands for several."""
    found = find(name)
    if len(found) > 1:
        names = listed(exercise.name for exercise in found)
        raise WorkbookError(tr(f"Which one: {names}?", f"请指定其中一个：{names}"))
    return found[0]


def definition(path: Path, name: str) -> ast.FunctionDef | ast.ClassDef:
    """``name`` in the file at ``path``. Raises SourceError."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    except FileNotFoundError:
        raise SourceError(
            tr(f"The file is gone: git checkout -- {shown(path)}", f"文件不见了：git checkout -- {shown(path)}")
        ) from None
    except SyntaxError as error:
        raise SourceError(
            tr(
                f"Python cannot read line {error.lineno} ({error.msg}): mend it and save.",
                f"第 {error.lineno} 行有语法错误（{error.msg}）：请修正后保存。",
            ),
            error.lineno,
        ) from None
    except (OSError, ValueError) as error:
        raise SourceError(tr(f"The file cannot be read: {error}.", f"无法读取文件：{error}。")) from None
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            return node
    raise SourceError(
        tr(
            f"The file defines no {name}: give your function that name again.",
            f"文件中没有定义 {name}：请把函数改回这个名字。",
        )
    )


def parameters(node: ast.FunctionDef | ast.ClassDef) -> list[str]:
    """The names of a function's parameters; of a class those of its ``__init__``, without self."""
    if isinstance(node, ast.ClassDef):
        inits = [one for one in node.body if isinstance(one, ast.FunctionDef) and one.name == "__init__"]
        return parameters(inits[0])[1:] if inits else []
    return [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]


def untouched(node: ast.FunctionDef | ast.ClassDef) -> bool:
    """Whether nothing but ``raise NotImplementedError`` stands below the docstring, in every method of a class."""
    if isinstance(node, ast.ClassDef):
        methods = [one for one in node.body if isinstance(one, ast.FunctionDef)]
        return bool(methods) and all(map(untouched, methods))
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    return bool(body) and isinstance(body[0], ast.Raise) and "NotImplementedError" in ast.unparse(body[0])


def shown(path: Path) -> str:
    """A path as one would type it here."""
    for base in (Path.cwd(), paths.ROOT):
        if path.is_relative_to(base):
            return str(path.relative_to(base))
    return str(path)
