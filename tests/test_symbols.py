"""Symbols: found where Python finds them, refused with the home where they are not defined."""

import contextlib
import json
from pathlib import Path

import pytest
from conftest import python
from hypothesis import given
from hypothesis import strategies as st

from workbook.course import symbols
from workbook.course.symbols import SymbolError, resolve

FILES = {
    "pkg/__init__.py": """\
from pkg.base import Base
from pkg import sub
""",
    "pkg/sub/__init__.py": """\
from .deep import Deep
from ..base import helper as assistant
from pkg.base import *
""",
    "pkg/sub/deep.py": """\
import pkg.base
from pkg.base import Base as Root


class Deep(Root):
    def own(self):
        return 1


class Dotted(pkg.base.Base): ...


class Typed(list[int], Root): ...


Alias = Root
""",
    "pkg/base.py": '''\
"""Docstring."""

import functools
from typing import TYPE_CHECKING, Generic, TypeVar, overload

if TYPE_CHECKING:
    from pkg.sub.deep import Deep

    SETTING: int
    ONLY_TYPED: int

T = TypeVar("T")
left, right = 1, 2
SETTING = 3


def decorate(function):
    @functools.wraps(function)
    def wrapper(*args):
        """In it."""
        return function(*args)

    return wrapper


@decorate
@functools.cache
def decorated(x):
    """One line."""

    # a comment
    return x


@overload
def typed(x: int) -> int: ...
@overload
def typed(x: str) -> str: ...
def typed(x):
    return x


async def waits():
    """Only a docstring."""


if left:

    def picked():
        return "left"

else:

    def picked():
        return "right"


try:
    import missing
except ImportError:

    def fallback():
        with open("x") as f:
            return f


match left:
    case 1:

        class Matched:
            pass


def helper(): return 1


class Base(Generic[T]):
    """Base."""

    limit: int = 1
    unset: str

    class Inner:
        class Innermost:
            def method(self):
                @decorate
                def local():
                    pass

                return local

    @property
    def size(self):
        return self._size

    @size.setter
    def size(self, value):
        self._size = value

    @staticmethod
    def static(): 
        pass

    @classmethod
    async def made(cls):
        """Doc."""
        return cls()

    if left:
        def conditional(self):
            for i in range(3):
                yield i
''',
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packages")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def line(text: str, file: str = "pkg/base.py") -> int:
    return FILES[file][: FILES[file].index(text)].count("\n") + 1


@pytest.mark.parametrize(
    ("symbol", "at", "body", "kind"),
    [
        ("pkg.base", '"""Docstring', "import functools", "module"),
        ("pkg.base:decorated", "def decorated", "return x\n\n\n@overload", "function"),
        ("pkg.base:typed", "def typed(x):", "return x\n\n\nasync", "function"),
        ("pkg.base:waits", "async def waits", '"""Only a docstring', "function"),
        ("pkg.base:picked", "def picked", 'return "left"', "function"),
        ("pkg.base:fallback", "def fallback", 'with open("x")', "function"),
        ("pkg.base:Matched", "class Matched", "pass\n\n\ndef helper", "class"),
        ("pkg.base:helper", "def helper", "def helper", "function"),  # its body is on the line of def
        ("pkg.base:left", "left, right", "left, right", "variable"),
        ("pkg.base:right", "left, right", "left, right", "variable"),
        ("pkg.base:SETTING", "SETTING = 3", "SETTING = 3", "variable"),
        ("pkg.base:ONLY_TYPED", "ONLY_TYPED: int", "ONLY_TYPED: int", "variable"),
        ("pkg.base:Base", "class Base", "limit: int", "class"),
        ("pkg.base:Base.limit", "limit: int", "limit: int", "variable"),
        ("pkg.base:Base.unset", "unset: str", "unset: str", "variable"),
        ("pkg.base:Base.Inner", "class Inner:", "class Innermost", "class"),
        ("pkg.base:Base.Inner.Innermost.method", "def method", "@decorate\n                def local", "function"),
        ("pkg.base:Base.size", "def size(self):", "return self._size", "function"),
        ("pkg.base:Base.static", "def static", "pass\n\n    @classmethod", "function"),
        ("pkg.base:Base.made", "async def made", "return cls()", "function"),
        ("pkg.base:Base.conditional", "def conditional", "for i in", "function"),
    ],
)
def test_found(root: Path, symbol: str, at: str, body: str, kind: str) -> None:
    place = resolve(symbol, root)
    assert (place.path, place.line, place.body, place.kind) == (root / "pkg/base.py", line(at), line(body), kind)
    assert place.end >= place.body


@pytest.mark.parametrize(
    ("symbol", "home"),
    [
        ("pkg:Base", "pkg.base:Base"),
        ("pkg:Base.size", "pkg.base:Base.size"),
        ("pkg:sub", "pkg.sub"),
        ("pkg:sub.deep", "pkg.sub.deep"),
        ("pkg.sub:Deep", "pkg.sub.deep:Deep"),
        ("pkg.sub:Deep.size", "pkg.base:Base.size"),
        ("pkg.sub:assistant", "pkg.base:helper"),
        ("pkg.sub.deep:Root", "pkg.base:Base"),
        ("pkg.sub.deep:Deep.size", "pkg.base:Base.size"),
        ("pkg.sub.deep:Deep.Inner.Innermost", "pkg.base:Base.Inner.Innermost"),
        ("pkg.sub.deep:Dotted.made", "pkg.base:Base.made"),
        ("pkg.sub.deep:Typed.made", "pkg.base:Base.made"),
        ("pkg.sub.deep:Alias.made", "pkg.base:Base.made"),
        ("pkg.base:Deep.own", "pkg.sub.deep:Deep.own"),
    ],
)
def test_refused_with_its_home(root: Path, symbol: str, home: str) -> None:
    with pytest.raises(SymbolError) as error:
        resolve(symbol, root)
    assert error.value.home == home
    assert home in str(error.value)


@pytest.mark.parametrize(
    ("symbol", "says"),
    [
        ("pkg.base:decorate.wrapper", "inside the function pkg.base:decorate"),
        ("pkg.base:Base.Inner.Innermost.method.local", "inside the function"),
        ("pkg.base:nothing", "pkg.base defines no nothing"),
        ("pkg.base:Base.nothing", "pkg.base:Base defines no nothing"),
        ("pkg.base:Base.nothing.more", "pkg.base:Base defines no nothing"),
        ("pkg.base:helper.x", "defines no x"),
        ("pkg.base:left.x", "defines no x"),
        ("pkg.base:T.x", "defines no x"),
        ("pkg.nowhere:x", "no module pkg.nowhere"),
        ("pkg.base:", "no symbol"),
        ("pkg.base:a..b", "no symbol"),
        ("pkg.base:a b", "no symbol"),
        ("pkg/base:x", "no module pkg/base"),
        ("", "no module"),
        (".", "no module"),
        ("..", "no module"),
    ],
)
def test_refused(root: Path, symbol: str, says: str) -> None:
    with pytest.raises(SymbolError) as error:
        resolve(symbol, root)
    assert error.value.home is None
    assert says in str(error.value)


def test_a_file_that_is_no_python_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def (:\n")
    with pytest.raises(SymbolError, match="cannot be read as Python"):
        resolve("broken:x", tmp_path)
    (tmp_path / "latin.py").write_bytes(b"x = '\xe4'\n")
    with pytest.raises(SymbolError, match="cannot be read as Python"):
        resolve("latin:x", tmp_path)


def test_modules_that_name_each_other_end(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("from b import X\n")
    (tmp_path / "b.py").write_text("from a import X\n")
    (tmp_path / "c.py").write_text("class C(C): ...\n")
    with pytest.raises(SymbolError):
        resolve("a:X", tmp_path)
    with pytest.raises(SymbolError):
        resolve("c:C.x", tmp_path)


def test_an_edited_file_is_read_again(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text("def f():\n    pass\n")
    assert resolve("m:f", tmp_path).line == 1
    (tmp_path / "m.py").write_text("\n\n\ndef f():\n    pass\n")
    assert resolve("m:f", tmp_path).line == 4


@given(st.text(max_size=30) | st.from_regex(r"pkg(\.\w+)?:\w+(\.\w+)?", fullmatch=True))
def test_any_text_is_found_or_refused(text: str) -> None:
    with contextlib.suppress(SymbolError):
        assert resolve(text).line >= 1


# Modules of many kinds: decorators of torch and of vLLM, overloads, properties, dataclasses, conditional imports.
MODULES = [
    "vllm.v1.core.sched.scheduler",
    "vllm.v1.core.kv_cache_manager",
    "vllm.v1.core.block_pool",
    "vllm.v1.core.kv_cache_utils",
    "vllm.v1.engine.core",
    "vllm.v1.engine.llm_engine",
    "vllm.v1.engine.async_llm",
    "vllm.v1.worker.gpu_model_runner",
    "vllm.v1.worker.gpu_worker",
    "vllm.v1.worker.cpu_worker",
    "vllm.entrypoints.llm",
    "vllm.entrypoints.common.offline",
    "vllm.model_executor.models.llama",
    "vllm.model_executor.layers.linear",
    "vllm.model_executor.layers.attention.attention",
    "vllm.distributed.parallel_state",
    "vllm.model_executor.parameter",
    "vllm._custom_ops",
]


# What Python itself says, in a process of its own: {module: {qualified name: [first line, lines with code]}}.
TRUTH = """
import importlib, inspect, json, sys
from workbook.course import symbols

def unwrapped(value):
    value = value.fget if isinstance(value, property) else value
    value = getattr(value, "__func__", value)
    return inspect.unwrap(getattr(value, "func", value))  # functools.cached_property

found = {}
for module in sys.argv[1:]:
    loaded, path = importlib.import_module(module), symbols.module_file(module)
    found[module] = {}
    for name in dict.fromkeys(name for name, _ in symbols.names(path)):
        owner = loaded
        for part in name.split(".")[:-1]:
            owner = vars(owner).get(part) or getattr(owner, part)
        value = unwrapped(vars(owner).get(name.split(".")[-1]))
        code = getattr(value, "__code__", None)
        if code is not None and code.co_filename == str(path) and value.__qualname__ == name:
            found[module][name] = [code.co_firstlineno, sorted({line for _, _, line in code.co_lines() if line})]
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def truth() -> dict[str, dict[str, tuple[int, list[int]]]]:
    result = python("-c", TRUTH, *MODULES)
    assert result.returncode == 0, result.stderr
    found: dict[str, dict[str, tuple[int, list[int]]]] = json.loads(result.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("module", MODULES)
def test_agrees_with_python(module: str, truth: dict[str, dict[str, tuple[int, list[int]]]]) -> None:
    """Every function that can be reached at run time is where its code object says, and so is its first statement."""
    text = symbols.module_file(module).read_text(encoding="utf-8").splitlines()
    assert len(truth[module]) > 3
    for name, (first, lines) in truth[module].items():
        place = resolve(f"{module}:{name}")
        last = name.split(".")[-1]
        assert place.kind == "function"
        assert text[place.line - 1].lstrip().startswith((f"def {last}(", f"async def {last}(", f"def {last}["))
        # A code object begins at the first decorator, if there is one.
        assert first == place.line or text[first - 1].lstrip().startswith("@")
        assert first <= place.line
        below = [line for line in lines if line > place.line]  # a generator's first instruction is on the line of def
        assert not below or place.body == place.line or place.body <= below[0] or place.body in below, name
