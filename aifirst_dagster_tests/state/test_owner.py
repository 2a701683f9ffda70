"""Processes are told apart by when they began, whatever becomes of the clock."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from aifirst_dagster.state.owner import alive, myself

SAY = "from aifirst_dagster.state.owner import myself; print(myself(), flush=True); input()"


def test_i_am_alive():
    assert alive(myself()) is True


def test_another_process_is_alive_until_it_ends():
    with subprocess.Popen([sys.executable, "-c", SAY], stdin=-1, stdout=-1, text=True) as other:
        owner = other.stdout.readline().strip()
        assert owner != myself()
        assert alive(owner) is True
        other.communicate("\n")
    assert alive(owner) is False


def test_a_process_that_nobody_has_fetched_is_dead():
    other = subprocess.Popen([sys.executable, "-c", SAY], stdin=-1, stdout=-1, text=True)
    owner = other.stdout.readline().strip()
    other.stdin.close()
    os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
    assert alive(owner) is False
    other.stdout.close()
    other.wait()


def test_an_earlier_process_with_my_id_is_dead():
    host_and_id, _, started = myself().rpartition(":")
    assert alive(f"{host_and_id}:{started}1") is False


def test_what_another_machine_does_is_not_known():
    assert alive(f"elsewhere{myself()}") is None


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="told by the kernel's own count on Linux alone")
def test_the_start_is_no_time_of_day():
    # The kernel's `btime`, from which a time of day would be made, follows the clock.
    boot, ticks = myself().rpartition(":")[2].split("+")
    assert Path("/proc/sys/kernel/random/boot_id").read_text().startswith(boot)
    assert int(ticks) == int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
