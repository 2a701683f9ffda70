"""`aifirst purge`: says what would go, deletes it, and keeps what is pinned."""

from __future__ import annotations

import os
import time

from aifirst_dagster_tests.scenario import Place, step


def many(place: Place) -> list[str]:
    """Four versions of a dataset, two days old."""
    pipeline = place.pipeline(step("load", "connector", type="csv", path="x.csv"))
    names = []
    for number in range(4):
        place.write("x.csv", f"a,b\n{number},2\n")
        names.append(place.run(pipeline).folder)
    then = time.time() - 2 * 86_400
    for folder in names:
        for path in [*folder.rglob("*"), folder]:
            os.utime(path, (then, then))
        then += 3_600
    return [folder.name for folder in names]


def test_a_rehearsal_says_what_a_purge_then_does(aifirst, place: Place):
    place.write("resources/retention.yaml", "versions: {keep: 2}\n")
    versions = many(place)
    home = place.store.place("shop", "load")
    planned = aifirst("purge", "--dry-run", "--json").json
    (gone,) = planned["gone"]
    assert (gone["what"], gone["count"], gone["setting"]) == ("dataset versions", 2, "versions")
    assert gone["names"] == [f"shop/load/_all/{name}" for name in reversed(versions[:2])]
    assert planned["bytes"] == gone["bytes"] > 500
    assert all((home / name).is_dir() for name in versions)
    done = aifirst("purge")
    assert "2 dataset versions" in done.out
    assert [name for name in versions if (home / name).is_dir()] == versions[2:]
    assert "Nothing is old enough" in aifirst("purge").out


def test_what_is_pinned_stays(aifirst, place: Place):
    place.write("resources/retention.yaml", "versions: {keep: 1}\n")
    versions = many(place)
    pinned = aifirst("purge", "pin", "shop/load", versions[0], "--why", "audit", "--by", "me", "--json").json["pin"]
    assert (pinned["version"], pinned["why"]) == (versions[0], "audit")
    then = time.time() - 2 * 86_400
    folder = place.store.place("shop", "load") / versions[0]
    for path in [*folder.rglob("*"), folder]:
        os.utime(path, (then, then))
    aifirst("purge")
    assert folder.is_dir()
    assert "audit" in aifirst("purge", "pins").out
    assert aifirst("purge", "unpin", "shop/load", versions[0]).code == 0
    os.utime(folder, (then, then))
    assert aifirst("purge", "--json").json["gone"][0]["count"] == 1
    assert not folder.is_dir()


def test_settings_that_are_wrong_delete_nothing(aifirst, place: Place):
    versions = many(place)
    place.write("resources/retention.yaml", "version: {keep: 1}\n")
    said = aifirst("purge", "--json")
    assert said.code == 2
    assert said.json["error"]["line"] == 1
    assert "versions" in said.json["error"]["hint"]
    assert len(list(place.store.place("shop", "load").glob("*/manifest.json"))) == len(versions)
