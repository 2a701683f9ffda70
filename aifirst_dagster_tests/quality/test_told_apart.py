"""Several rules of one type on one column: each has an id that says which it is, in every proposal."""

from aifirst_dagster.quality.rules import Rule, told_apart

REGEX, BETWEEN = "expect_column_values_to_match_regex", "expect_column_values_to_be_between"


def regex(pattern, **more):
    return Rule(type=REGEX, kwargs={"column": "code", "regex": pattern}, **more)


def ids(rules, earlier=()):
    return [rule.id for rule in told_apart(rules, earlier)]


def test_one_of_its_kind_has_its_identity_and_others_what_they_say():
    first, second, third = ids([regex("^A"), regex("B$"), regex("C")])
    assert first == "code.values_to_match_regex"
    assert second.startswith(f"{first}.by-") and third.startswith(f"{first}.by-") and second != third
    assert ids([regex("^A"), regex("C")]) == [first, third], "what another rule says changes no id"


def test_limits_that_move_change_no_id():
    def both(low, high):
        return [
            Rule(type=BETWEEN, kwargs={"column": "n", "min_value": low}),
            Rule(type=BETWEEN, kwargs={"column": "n", "max_value": high, "mostly": 0.9}),
        ]

    assert ids(both(1, 9)) == ids(both(2, 8.5)) and len(set(ids(both(1, 9)))) == 2


def test_what_stood_before_keeps_its_id_whatever_that_is_and_wherever_it_comes():
    old = [regex("^A"), regex("B$", id="code.values_to_match_regex-2")]
    assert ids([regex("B$"), regex("^A"), regex("C")], old)[:2] == [old[1].id, old[0].id]
    assert ids([regex("B$")], old) == [old[1].id]


def test_a_new_rule_does_not_take_the_id_of_one_that_was_decided_about():
    old = [regex("^A")]
    new, same = ids([regex("Z"), regex("^A")], old)
    assert same == "code.values_to_match_regex" and new.startswith(f"{same}.by-")
    assert ids([regex("^A+")], old) == [same], "alone, with another pattern, it is still the same rule"


def test_names_that_were_given_stay():
    assert ids([regex("a", id="mine"), regex("b"), regex("c")])[:2] == ["mine", "code.values_to_match_regex"]
