"""What numpy and scipy make of random judgements: agreement statistics and the distributions behind their tests.

    python scripts/reference/make_statistics_fixtures.py REFERENCE OUT

REFERENCE is a Python file that defines kalpha(data, metric), cohen(table, power), kw(ranks) and wilson(successes, n); OUT is the JSON file
to write (test/fixtures/statistics/agreement.json). Needs numpy and scipy (made with 2.4.6, 1.17.1).
"""

import contextlib
import importlib.util
import io
import json
import sys
from itertools import combinations

import numpy as np
from scipy import stats

METRICS = ["nominal", "ordinal", "interval", "ratio"]


def load(path):
    spec = importlib.util.spec_from_file_location("reference", path)
    module = importlib.util.module_from_spec(spec)
    with contextlib.redirect_stdout(io.StringIO()):
        spec.loader.exec_module(module)
    return module


def alphas(reference, rng):
    cases = []
    for raters, items, top, missing in [(2, 12, 2, 0.0), (3, 20, 4, 0.3), (5, 15, 7, 0.5), (4, 30, 5, 0.1), (6, 9, 3, 0.6), (3, 25, 11, 0.2)]:
        truth = rng.integers(1, top + 1, items)
        said = np.where(rng.random((raters, items)) < 0.6, truth, rng.integers(1, top + 1, (raters, items))).astype(float)
        said[rng.random((raters, items)) < missing] = np.nan
        rows = [[None if np.isnan(x) else int(x) for x in row] for row in said]
        cases.append({"rows": rows, "alpha": {m: reference.kalpha(said, m)[0] for m in METRICS}})
    return cases


def fleiss(rng):
    cases = []
    for items, raters, size in [(8, 3, 2), (20, 6, 4), (40, 4, 5)]:
        counts = np.array([rng.multinomial(raters, rng.dirichlet(np.ones(size) * 0.6)) for _ in range(items)])
        observed = (((counts**2).sum(1) - raters) / (raters * (raters - 1))).mean()
        chance = ((counts.sum(0) / counts.sum()) ** 2).sum()
        cases.append({"counts": counts.tolist(), "kappa": (observed - chance) / (1 - chance)})
    return cases


def cohens(reference, rng):
    tables = [rng.integers(0, 30, (k, k)) + np.diag(rng.integers(5, 40, k)) for k in (2, 3, 4, 6)]
    return [{"table": t.tolist(), "kappas": [float(reference.cohen(t, p)) for p in (0, 1, 2)]} for t in tables]


def concordances(reference, rng):
    cases = []
    for raters, things, top in [(3, 6, 6), (5, 8, 4), (2, 10, 3), (7, 5, 9)]:
        said = rng.integers(1, top + 1, (raters, things))
        cases.append({"rows": said.tolist(), "w": float(reference.kw(said)[0])})
    return cases


def taus(rng):
    cases = []
    for n, top in [(5, None), (9, None), (12, 3), (30, 6), (40, None), (25, 2)]:
        x = rng.permutation(n) if top is None else rng.integers(0, top, n)
        y = rng.permutation(n) if top is None else rng.integers(0, top, n)
        found = stats.kendalltau(x, y)
        cases.append({"x": x.tolist(), "y": y.tolist(), "tau": found.statistic, "p": found.pvalue})
    return cases


def rankings(rng):
    cases = []
    for raters, things in [(3, 4), (4, 6), (2, 9)]:
        ranks = rng.integers(1, things + 1, (raters, things))
        half = strict = strict_all = exact = total = 0
        for a, b in combinations(ranks, 2):
            for i, j in combinations(range(things), 2):
                first, second = np.sign(a[i] - a[j]), np.sign(b[i] - b[j])
                total += 1
                exact += first == second
                half += 1 if first == second else 0.5 if 0 in (first, second) else 0
                if first != 0 and second != 0:
                    strict_all += 1
                    strict += first == second
        cases.append({"ranks": ranks.tolist(), "half": half / total, "exact": exact / total, "strict": strict / strict_all})
    return cases


def distributions():
    chi = [(0.3, 1), (4.2, 3), (30.76, 19), (55.0, 20), (1e-3, 2), (400.0, 300)]
    f = [(0.4, 3, 7.5), (1.83, 19, 39.746), (2.5, 1, 1), (12.0, 60, 4)]
    quantiles = [(0.975, 19, 40), (0.975, 37.5, 19), (0.05, 2, 9), (0.995, 4, 200)]
    return {
        "chiSquareTail": [[x, df, stats.chi2.sf(x, df)] for x, df in chi],
        "fTail": [[x, a, b, stats.f.sf(x, a, b)] for x, a, b in f],
        "fQuantile": [[p, a, b, stats.f.ppf(p, a, b)] for p, a, b in quantiles],
    }


def main():
    reference, rng = load(sys.argv[1]), np.random.default_rng(20261122)
    wilson = [[s, n, *map(float, reference.wilson(s, n))] for s, n in [(3, 9), (77, 100), (0, 4), (412, 1000)]]
    made = {
        "alpha": alphas(reference, rng),
        "fleiss": fleiss(rng),
        "cohen": cohens(reference, rng),
        "concordance": concordances(reference, rng),
        "tau": taus(rng),
        "rankings": rankings(rng),
        "wilson": wilson,
        "distributions": distributions(),
    }
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        json.dump(made, file, default=float)
        file.write("\n")


if __name__ == "__main__":
    main()
