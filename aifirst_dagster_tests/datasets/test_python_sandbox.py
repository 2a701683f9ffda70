"""Python from outside: it sees its rows and nothing else, and what it does stays within its limits."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from aifirst_dagster.datasets.python_sandbox import Made, PythonLimits, open_function
from aifirst_dagster.datasets.sandbox import SandboxError
from aifirst_dagster.errors import ConfigError

QUICK = PythonLimits(memory_mb=64, batch_seconds=1, total_seconds=10)


def made(code: str, *rows: dict, limits: PythonLimits = QUICK) -> list[Made]:
    with open_function(code, limits) as function:
        return function(list(rows) or [{"a": "x"}])


def test_each_row_goes_through_the_function_in_order():
    code = "import re\ndef transform(row):\n    return {'n': int(re.sub(r'\\D', '', row['a']))}"
    assert [one.value for one in made(code, {"a": "no. 1"}, {"a": "2."})] == [{"n": 1}, {"n": 2}]


def test_a_row_that_fails_has_its_problem_and_the_others_their_values():
    code = (
        "def transform(row):\n    if row['a'] is None:\n        raise ValueError('empty')\n    return row['a'].upper()"
    )
    assert made(code, {"a": "x"}, {"a": None}, {"a": "y"}) == [Made("X"), Made(None, "ValueError: empty"), Made("Y")]


def test_a_row_that_never_ends_is_found_among_the_others():
    code = "def transform(row):\n    while row['n'] == 70:\n        pass\n    return row['n']"
    said = made(code, *({"n": n} for n in range(100)), limits=PythonLimits(64, 0.3, 30))
    assert [at for at, one in enumerate(said) if one.problem] == [70]
    assert "time limit" in (said[70].problem or "")


def test_a_function_that_never_ends_is_given_up_within_its_time():
    started = time.monotonic()
    with pytest.raises(SandboxError, match="stopped"):
        made("def transform(row):\n    while True:\n        pass", *({"n": n} for n in range(1000)),
             limits=PythonLimits(64, 0.2, 3))  # fmt: skip
    assert time.monotonic() - started < 8


def test_the_moment_and_chance_are_the_same_for_all_rows():
    code = "import random\nfrom datetime import datetime\ndef transform(row): return str(datetime.now())"
    assert len({one.value for one in made(code, *({"a": n} for n in range(50)))}) == 1
    chance = "import random\ndef transform(row): return random.random()"
    assert made(chance) == made(chance)


#: What goes out of the sandbox, or tries to. Each comes to nothing but a problem or an error in words.
ESCAPES = {
    "a file": "open('/etc/passwd').read()",
    "a file to write": "open('{folder}/x', 'w').write('a')",
    "pathlib": "__import__('pathlib').Path('/etc/passwd').read_text()",
    "a folder": "os.listdir('/')",
    "the environment": "os.environ['SECRET_OF_THE_HOST']",
    "the environment by function": "os.getenv('SECRET_OF_THE_HOST')",
    "a command": "os.system('touch {folder}/x')",
    "an import": "__import__('subprocess').run(['touch', '{folder}/x'])",
    "the network": "__import__('socket').socket()",
    "a URL": "__import__('urllib.request').urlopen('http://127.0.0.1')",
    "ctypes": "__import__('ctypes').CDLL(None)",
    "classes of the host": "().__class__.__base__.__subclasses__()",
    "globals of a function": "transform.__globals__",
    "code objects": "(lambda: 0).__code__.co_consts",
    "frames": "__import__('sys')._getframe()",
    "modules": "sys.modules['os']",
    "eval of an import": 'eval(\'__import__("os").system("touch {folder}/x")\')',
    "exec of a file": "exec(open('/etc/passwd').read())",
    "builtins": "__builtins__.open('/etc/passwd')",
    "a bomb of text": "'a' * 10 ** 10",
    "a bomb of a list": "[0] * 10 ** 9",
    "a bomb of a number": "2 ** 10 ** 9",
    "a list without end": "[n for n in iter(int, 1)]",
    "endless recursion": "transform(row)",
    "print without end": "print('x' * 10 ** 9)",
    "exit": "exit()",
    "a catastrophic pattern": "re.fullmatch('(a|a)*b', 'a' * 5000)",
    "the driver's own list": "_made.append(1)",
}


@pytest.mark.parametrize("attempt", ESCAPES)
def test_what_reaches_out_or_starves_the_machine_fails_cleanly(
    attempt: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_HOST", "sesame")
    code = f"import os, sys, re\ndef transform(row):\n    return str({ESCAPES[attempt].format(folder=tmp_path)})"
    started = time.monotonic()
    (said,) = made(code)
    assert time.monotonic() - started < 5
    assert "sesame" not in str(said) and "root:" not in str(said)
    assert said.problem or said.value in ("None", "False"), said
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "code, words",
    [
        ("", "defines no function"),
        ("def other(row): return 1", "defines no function"),
        ("transform = 3", "defines no function"),
        ("def transform(row) return 1", "cannot be run"),
        ("import socket\ndef transform(row): return 1", "No module named 'socket'"),
        ("while True: pass", "time limit"),
        ("x = 'a' * 10 ** 10\ndef transform(row): return 1", "memory limit"),
        ("(" * 20_000, "nested"),
        ("#" * 200_000, "longer than"),
        ("raise SystemExit", "cannot be run"),
    ],
)
def test_code_that_cannot_be_loaded_is_an_error_in_words(code: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as error:
        made(code)
    assert error.value.hint


def test_an_interpreter_that_is_killed_takes_only_its_batch_with_it():
    with open_function("def transform(row): return row['a']", QUICK) as function:
        assert function([{"a": 1}]) == [Made(1)]
        subprocess.run(["pkill", "-9", "-P", str(os.getpid()), "monty"], check=False)
        assert function([{"a": 2}])[0].value in (2, None)
        assert function([{"a": 3}]) == [Made(3)]
