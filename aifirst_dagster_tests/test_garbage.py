"""Garbage collection is put off, and comes back as it was."""

import gc
import threading

from aifirst_dagster.garbage import SELDOM, seldom_collected, uncollected


def test_nothing_is_collected_meanwhile_and_afterwards_it_is_as_it_was():
    with uncollected():
        assert not gc.isenabled()
        with uncollected():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


def test_the_last_crowd_that_ends_puts_the_thresholds_back():
    usual, inside, done = gc.get_threshold(), threading.Event(), threading.Event()

    def other():
        with seldom_collected():
            inside.set()
            done.wait(10)

    thread = threading.Thread(target=other)
    with seldom_collected():
        thread.start()
        assert inside.wait(10)
    assert gc.get_threshold() == SELDOM
    done.set()
    thread.join()
    assert gc.get_threshold() == usual
