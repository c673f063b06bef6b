"""Rules for a lesson's header: what it names exists, what it asks can be computed."""

import ast
from collections.abc import Iterator
from string import Formatter

from workbook.course import definitions, header, symbols
from workbook.course.header import Header, HeaderError, Text
from workbook.course.lessons import Lesson
from workbook.course.symbols import Place, SymbolError
from workbook.i18n import some, tr
from workbook.lint import expressions
from workbook.lint.course import TEMPLATE, Course
from workbook.lint.finding import Finding, of_symbol
from workbook.predictions.measure import NAMES

KINDS = {"module": "模块", "class": "类", "variable": "变量"}
MINUTES, WEEKS, PREDICTIONS = range(10, 241), range(1, 13), range(2, 6)


def check(course: Course) -> Iterator[Finding]:
    """Every lesson's header."""
    for lesson in course.lessons:
        try:
            found = lesson.header
        except HeaderError as error:
            see = tr("see workbook/course/header.py for what it may hold", "可用的字段见 workbook/course/header.py")
            yield course.find(lesson.path, error.line, error.what, see)
            continue
        source, _ = header.split(lesson.path.read_text(encoding="utf-8"))
        for where, what, remedy in _problems(course, lesson, found):
            yield course.find(lesson.path, header.line_of(source or "", where), what, remedy)


Problem = tuple[str, str, str]  # where in the header, as ".stops[0].at"; what; remedy


def _problems(course: Course, lesson: Lesson, head: Header) -> Iterator[Problem]:
    if head.lesson != lesson.number:
        what = tr(
            f"lesson {head.lesson} in a file of lesson {lesson.number}",
            f"文件属于第 {lesson.number} 课，课程头却写着 {head.lesson}",
        )
        yield ".lesson", what, tr("make the two the same", "请改成一致")
    if head.minutes not in MINUTES:
        yield ".minutes", f"minutes: {head.minutes}", tr("give 10 to 240", "请写 10 到 240")
    if head.week not in WEEKS:
        yield ".week", f"week: {head.week}", tr("give one of the 12 weeks", "请写 1 到 12")
    if head.script and not course.script(head.script).is_file():
        what = tr(
            f"there is no script my_debug_scripts/{head.script}.py", f"没有脚本 my_debug_scripts/{head.script}.py"
        )
        yield ".script", what, tr("write it, or correct the name", "请编写该脚本，或改正名称")
    yield from _texts(head)
    yield from _stops(course, head)
    yield from _predictions(head)
    for field, named in (("papers", [paper.symbol for paper in head.papers]), ("code", head.code)):
        for i, symbol in enumerate(named):
            where = f".{field}[{i}]" + (".symbol" if field == "papers" else "")
            if error := _located(course, symbol)[1]:
                yield (where, *of_symbol(symbol, error))
    for i, paper in enumerate(head.papers):
        if not paper.url.startswith("https://"):
            yield f".papers[{i}].url", f"url: {paper.url}", tr("begin it with https://", "请以 https:// 开头")
    yield from _boxes(course, head)


def _located(course: Course, symbol: str) -> tuple[tuple[Place, ast.AST] | None, SymbolError | None]:
    try:
        return symbols.locate(symbol, course.vllm), None
    except SymbolError as error:
        return None, error


def _texts(head: Header) -> Iterator[Problem]:
    """Texts that are empty, or of which one language is a copy of the other."""
    pairs: list[tuple[str, Text]] = [(".title", head.title)]
    pairs += [(f".stops[{i}].look", stop.look) for i, stop in enumerate(head.stops)]
    pairs += [(f".checkpoints[{i}].ask", point.ask) for i, point in enumerate(head.checkpoints)]
    for i, prediction in enumerate(head.predictions):
        pairs += [(f".predictions[{i}].ask", prediction.ask), (f".predictions[{i}].why", prediction.why)]
        pairs += [(f".predictions[{i}].wrong[{j}].say", wrong.say) for j, wrong in enumerate(prediction.wrong)]
    for where, text in pairs:
        if not text.en.strip() or not text.zh.strip():
            yield where, tr("an empty text", "文本为空"), tr("write it in both languages", "请用两种语言写出")
        elif text.en == text.zh and len(text.en.split()) > 2:
            yield where, tr("the Chinese is the English", "中文与英文相同"), tr("translate it", "请翻译")


def _stops(course: Course, head: Header) -> Iterator[Problem]:
    for i, stop in enumerate(head.stops):
        where = f".stops[{i}]"
        if stop.hit < 1:
            yield f"{where}.hit", f"hit: {stop.hit}", tr("calls count from 1", "调用次数从 1 开始")
        found, error = _located(course, stop.at)
        if error:
            yield (f"{where}.at", *of_symbol(stop.at, error))
        if found is None:
            continue
        place, node = found
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            what = tr(
                f"{stop.at} is a {place.kind}, which no debugger stops in",
                f"{stop.at} 是{KINDS[place.kind]}，调试器停不下来",
            )
            yield f"{where}.at", what, tr("name a function or method", "请写函数或方法")
            continue
        if place.body == place.line:
            what = tr(f"{stop.at} has its body on the line of def", f"{stop.at} 的函数体与 def 同一行")
            yield f"{where}.at", what, tr("name its caller", "请写它的调用者")
        module = definitions.tree(place.path)
        known = {argument.arg for argument in ast.walk(node.args) if isinstance(argument, ast.arg)}
        known |= {name for name, _, _ in definitions.definitions(module.body)}
        known |= set(definitions.imported("", False, module.body))
        for field, expression in (("when", stop.when), ("expect", stop.expect)):
            if expression is not None and (wrong := expressions.problem(expression, known)):
                remedy = tr("write an expression over the function's arguments", "请写一个只用该函数参数的表达式")
                yield f"{where}.{field}", f"{field}: {wrong}", remedy


def _predictions(head: Header) -> Iterator[Problem]:
    if head.predictions and len(head.predictions) not in PREDICTIONS:
        yield (
            ".predictions",
            tr(some(len(head.predictions), "prediction"), f"{len(head.predictions)} 个预测题"),
            tr("ask two to five", "请写 2 到 5 个"),
        )
    if head.predictions and not head.script:
        yield (
            ".predictions",
            tr("predictions without a script", "有预测题却没有脚本"),
            tr("name the script whose run answers them", "请写明由哪个脚本的运行来回答"),
        )
    if head.about is not None and (wrong := expressions.problem(head.about, NAMES)):
        remedy = tr("write an expression that is true for the lesson's own run", "请写一个对本课原本的运行为真的表达式")
        yield ".about", f"about: {wrong}", remedy
    ids = [prediction.id for prediction in head.predictions]
    for i, prediction in enumerate(head.predictions):
        where = f".predictions[{i}]"
        if ids.index(prediction.id) != i:
            yield (
                f"{where}.id",
                tr(f"the id {prediction.id} twice", f"id {prediction.id} 重复"),
                tr("rename one", "请改名"),
            )
        if wrong := expressions.problem(prediction.answer, NAMES):
            remedy = tr(
                "write an expression over recording, run, math, trace", "请写只用 recording、run、math、trace 的表达式"
            )
            yield f"{where}.answer", f"answer: {wrong}", remedy
        for j, other in enumerate(prediction.wrong):
            if wrong := expressions.problem(other.when, NAMES | {"yours", "measured"}):
                remedy = tr(
                    "write an expression over yours, measured, recording, run, trace",
                    "请写只用 yours、measured、recording、run、trace 的表达式",
                )
                yield f"{where}.wrong[{j}].when", f"when: {wrong}", remedy
        filled = [(f"{where}.why", prediction.why)]
        filled += [(f"{where}.wrong[{j}].say", other.say) for j, other in enumerate(prediction.wrong)]
        for place, text in filled:
            if unknown := (_fields(text.en) | _fields(text.zh)) - {"measured", "yours"}:
                what = f"{{{', '.join(sorted(unknown))}}}"
                yield (
                    place,
                    what,
                    tr("only {measured} and {yours} are filled in", "只会填入 {measured} 和 {yours}"),
                )
        if prediction.choices is not None and len(prediction.choices) < 2:
            yield f"{where}.choices", tr("a choice of one", "只有一个选项"), tr("give two or more", "请给出两个以上")
        if not 0 <= prediction.tolerance < 1:
            yield (
                f"{where}.tolerance",
                f"tolerance: {prediction.tolerance}",
                tr("give 0 to 1 (0.2 is 20 %)", "请写 0 到 1（0.2 即 20 %）"),
            )


def _fields(text: str) -> set[str]:
    try:
        fields = [name for _, name, _, _ in Formatter().parse(text) if name is not None]
    except ValueError as error:
        return {str(error)}
    return {name.split(".")[0].split("[")[0] for name in fields}


def _boxes(course: Course, head: Header) -> Iterator[Problem]:
    named = [(f".checkpoints[{i}].box", point.box) for i, point in enumerate(head.checkpoints)]
    named += [(f".proves.{box}", box) for box in head.proves]
    for where, box in named:
        if course.boxes is None or box not in course.boxes:
            yield (
                where,
                tr(f"no box {box} in {TEMPLATE}", f"{TEMPLATE} 里没有 {box}"),
                tr("add it there, or correct the id", "请在那里添加，或改正 id"),
            )
    for box, proofs in head.proves.items():
        for proof in proofs or [""]:
            known = {"run": bool(head.script), "predictions": bool(head.predictions)}
            exercise = proof.removeprefix("exercise ") if proof.startswith("exercise ") else None
            if not known.get(proof) and exercise not in head.exercises:
                what = tr(f"the proof {proof!r} is not in this lesson", f"本课没有 {proof!r} 这一证据")
                yield (
                    f".proves.{box}",
                    what,
                    tr("write run, predictions, or exercise NAME", "请写 run、predictions 或 exercise NAME"),
                )
