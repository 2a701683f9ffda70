"""The tests of drift are those of SciPy, and on small or lopsided samples they stay on the safe side."""

import numpy as np
import pytest
from scipy import stats

from aifirst_dagster.quality.drift import statistics


def test_chi_squared_is_scipys():
    found = statistics.chi_squared([50, 30, 20], [30, 40, 50])
    assert found.p_value == pytest.approx(stats.chi2_contingency([[50, 30, 20], [30, 40, 50]]).pvalue, rel=1e-9)


def test_kolmogorov_smirnov_over_bins_is_scipys_where_the_bins_hold_one_value_each():
    random = np.random.default_rng(1)
    a, b = (np.clip(random.poisson(rate, size), 0, 29) for rate, size in ((8, 400), (9, 300)))
    found = statistics.ks(np.bincount(a, minlength=30).tolist(), np.bincount(b, minlength=30).tolist())
    theirs = stats.ks_2samp(a, b, method="asymp")
    assert found.effect == pytest.approx(theirs.statistic)
    assert abs(np.log10(found.p_value) - np.log10(theirs.pvalue)) < 0.3


@pytest.mark.parametrize(("x", "n", "y", "m"), [(0, 5000, 1, 50), (0, 5000, 3, 50), (2, 100, 9, 100), (0, 10, 0, 10)])
def test_rare_shares_are_never_judged_more_sharply_than_by_fishers_exact_test(x, n, y, m):
    found = statistics.two_shares(x, n, y, m)
    assert found.p_value >= stats.fisher_exact([[x, n - x], [y, m - y]]).pvalue * 0.99


def test_frequent_shares_are_judged_as_by_the_usual_test():
    found = statistics.two_shares(300, 1000, 260, 1000)
    theirs = stats.chi2_contingency([[300, 700], [260, 740]]).pvalue
    assert found.p_value == pytest.approx(theirs, rel=0.01)


def test_values_beyond_the_range_so_far_are_as_likely_as_ranks_say():
    random, n, m = np.random.default_rng(2), 40, 20
    counts = []
    for _ in range(4000):
        values = random.random(n + m)
        low, high = values[:n].min(), values[:n].max()
        counts.append(int(((values[n:] < low) | (values[n:] > high)).sum()))
    for x in (1, 2, 4):
        share = np.mean([one >= x for one in counts])
        assert statistics.unseen(n, 0, x, m).p_value == pytest.approx(share, abs=0.03)


def test_jensen_shannon_and_wasserstein_are_scipys():
    from scipy.spatial.distance import jensenshannon

    a, b = [10, 20, 70, 0], [30, 30, 30, 10]
    assert statistics.jensen_shannon(a, b) == pytest.approx(jensenshannon(a, b, base=2))
    random = np.random.default_rng(3)
    first, second = random.normal(size=5000), random.normal(0.5, 1.3, size=5000)
    points = np.linspace(0, 1, 401)
    found = statistics.wasserstein(points, np.quantile(first, points), np.quantile(second, points))
    unit = np.quantile(first, 0.75) - np.quantile(first, 0.25)
    assert found == pytest.approx(stats.wasserstein_distance(first, second) / unit, rel=0.02)


def test_the_level_holds_for_the_table_not_for_each_test():
    assert statistics.holm([0.004, 0.2, 0.3], 0.01) == [False, False, False]
    assert statistics.holm([0.003, 0.2, 0.3], 0.01) == [True, False, False]
