"""Writes test/fixtures/statistics/comparisons.json: random comparisons with the values that independent implementations give.

    python scripts/reference/make_comparison_fixtures.py --reference FILE --out test/fixtures/statistics/comparisons.json

FILE defines bt(w, ref, reg), davidson(w, t), upd(alpha, beta, mu_w, s_w, mu_l, s_l) and wilson(s, n) with numpy and scipy; the rest is fitted here
with scipy's general optimisers. Made once, with scipy 1.17.1 and numpy 2.4.6.
"""
import argparse
import contextlib
import io
import json
import math
import runpy

import numpy as np
from scipy import optimize, stats

arguments = argparse.ArgumentParser()
arguments.add_argument("--reference", required=True)
arguments.add_argument("--out", required=True)
given = arguments.parse_args()
with contextlib.redirect_stdout(io.StringIO()):
    reference = runpy.run_path(given.reference)

random = np.random.default_rng(6)


def rounded(value):
    return [rounded(each) for each in value] if np.ndim(value) else float(f"{float(value):.10g}")


def wins(k):
    """A win in both directions around a circle keeps the strengths finite."""
    w = random.integers(0, 9, (k, k))
    np.fill_diagonal(w, 0)
    for i in range(k):
        w[i, (i + 1) % k] += 1
    return w


def bradley_terry():
    for k in (3, 5, 8):
        w = wins(k)
        theta, information, nll = reference["bt"](w, 0)
        errors = np.sqrt(np.diag(np.linalg.inv(information[1:, 1:])))
        yield {"wins": w.tolist(), "theta": rounded(theta), "errors": rounded(errors), "logLikelihood": rounded(-nll)}


def regularised():
    for k in (4, 7):
        w = random.integers(0, 2, (k, k))
        np.fill_diagonal(w, 0)
        reg = float(random.uniform(0.1, 1))
        yield {"wins": w.tolist(), "reg": reg, "theta": rounded(reference["bt"](w, None, reg)[0])}


def ties(model):
    for k in (3, 5):
        w = wins(k) + 1 - np.eye(k, dtype=int)
        t = np.triu(random.integers(1, 8, (k, k)), 1)
        if model == "davidson":
            theta, parameter = reference["davidson"](w.tolist(), t.tolist())
        else:
            theta, parameter = rao_kupper(w, t)
        yield {"wins": w.tolist(), "ties": t.tolist(), "theta": rounded(theta), "parameter": rounded(parameter)}


def rao_kupper(w, t):
    k = len(w)

    def nll(x):
        theta, edge = x[:k] - x[0], math.exp(x[k])
        total = 0.0
        for i in range(k):
            for j in range(i + 1, k):
                a = theta[i] - theta[j]
                first, second = 1 / (1 + math.exp(edge - a)), 1 / (1 + math.exp(edge + a))
                total -= w[i][j] * math.log(first) + w[j][i] * math.log(second) + t[i][j] * math.log(1 - first - second)
        return total

    x = optimize.minimize(nll, np.r_[np.zeros(k), -1.0], method="BFGS", options={"gtol": 1e-9}).x
    return x[:k] - x[0], math.exp(math.exp(x[k]))


def plackett_luce():
    for k, n in ((4, 12), (6, 20)):
        rankings = [random.permutation(k).tolist() for _ in range(n)]

        def nll(x):
            return -sum(x[r[p]] - np.logaddexp.reduce(x[r[p:]]) for r in rankings for p in range(k - 1))

        x = optimize.minimize(nll, np.zeros(k), method="BFGS", options={"gtol": 1e-10}).x
        yield {"orders": rankings, "theta": rounded(x - x.mean()), "logLikelihood": rounded(-nll(x))}


def crowd():
    for _ in range(6):
        before = [float(each) for each in (random.uniform(2, 12), random.uniform(0.5, 4), random.normal(), random.uniform(0.2, 1.5), random.normal(), random.uniform(0.2, 1.5))]
        yield {"before": before, "after": rounded(reference["upd"](*before))}


def intervals():
    for _ in range(5):
        trials = int(random.integers(5, 300))
        successes = int(random.integers(0, trials + 1))
        yield {
            "successes": successes,
            "trials": trials,
            "wilson": list(map(float, reference["wilson"](successes, trials))),
            "jeffreys": rounded(stats.beta.ppf([0.025, 0.975], successes + 0.5, trials - successes + 0.5)),
            "binomial": rounded(stats.binomtest(successes, trials).pvalue),
        }


def dawid_skene():
    for items, annotators, classes in ((20, 4, 3), (30, 5, 2)):
        labels = random.integers(0, classes, items)[:, None] * np.ones((1, annotators), int)
        wrong = random.random(labels.shape) < 0.3
        labels = np.where(wrong, random.integers(0, classes, labels.shape), labels)
        counts = np.eye(classes)[labels]
        belief = counts.mean(1)
        last = -np.inf
        while True:
            prior = belief.mean(0)
            rates = np.einsum("ij,iol->ojl", belief, counts)
            rates /= np.maximum(rates.sum(2, keepdims=True), 1e-300)
            logs = np.log(prior) + np.einsum("iol,ojl->ij", counts, np.log(np.maximum(rates, 1e-300)))
            total = np.logaddexp.reduce(logs, 1).sum()
            belief = np.exp(logs - np.logaddexp.reduce(logs, 1)[:, None])
            if abs(total - last) < 1e-11:
                break
            last = total
        yield {"labels": labels.tolist(), "prior": rounded(prior), "logLikelihood": rounded(total)}


fixture = {
    "bradleyTerry": list(bradley_terry()),
    "regularised": list(regularised()),
    "davidson": list(ties("davidson")),
    "raoKupper": list(ties("raoKupper")),
    "plackettLuce": list(plackett_luce()),
    "crowd": list(crowd()),
    "intervals": list(intervals()),
    "dawidSkene": list(dawid_skene()),
}
with open(given.out, "w") as file:
    json.dump(fixture, file)
    file.write("\n")
