"""What every engine promises. A new engine inherits a class from here and has it tested against brute force."""

from functools import cache
from typing import ClassVar

import numpy as np

from optimizer.errors import InfeasibleError, NoPlanError
from optimizer.problem.evaluate import evaluate
from optimizer.problem.primitives import UNLIMITED
from optimizer.problem.solution import Limit, Reason, Request
from tests.engines.brute import brute_force
from tests.engines.small import random_problem


@cache
def case(seed):
    problem = random_problem(seed)
    return problem, brute_force(problem)


class EngineConformance:
    """For engines that may miss the best plan, or find none."""

    seeds = range(60)
    request_ = Request(gap=0.0)
    answers: ClassVar = {}
    """Answers by class and seed: each question is put once, and held against every promise."""

    def engine(self, problem):
        raise NotImplementedError

    def answer(self, seed):
        problem, _ = case(seed)
        known = self.answers.setdefault(type(self), {})
        if seed not in known:
            try:
                known[seed] = self.engine(problem).solve(problem, self.request_)
            except (InfeasibleError, NoPlanError) as none:
                known[seed] = none
        return known[seed]

    def solved(self):
        answers = [(seed, self.answer(seed)) for seed in self.seeds]
        return [(*case(seed), answer) for seed, answer in answers if not isinstance(answer, Exception)]

    def test_plans_break_no_rule_and_their_objective_is_true(self):
        assert self.solved()
        for problem, truth, solution in self.solved():
            assert truth.of(solution.chosen) == (True, solution.objective)
            assert evaluate(problem, solution.chosen).objective == solution.objective
            assert np.all(np.diff(solution.chosen) > 0)

    def test_infeasible_is_said_only_where_no_plan_exists(self):
        said = [case(s)[1] for s in self.seeds if isinstance(self.answer(s), InfeasibleError)]
        assert not any(truth.feasible for truth in said)

    def test_no_plan_has_a_higher_objective_than_the_bound(self):
        for _, truth, solution in self.solved():
            assert solution.bound is None or solution.bound >= truth.best

    def test_optimal_is_said_only_of_the_best_plan(self):
        for _, truth, solution in self.solved():
            assert (solution.reason is Reason.OPTIMAL) == (solution.limit is None)
            assert solution.reason is not Reason.OPTIMAL or solution.objective == truth.best

    def test_prices_are_given_for_each_row_with_the_sign_of_its_limit(self):
        for problem, _, solution in self.solved():
            for rows in problem.rows if solution.prices is not None else ():
                price = solution.prices[rows.name]
                assert price.shape == (rows.size,)
                assert np.all(price[rows.upper >= UNLIMITED] <= 0)
                assert np.all(price[rows.lower <= -UNLIMITED] >= 0)

    def test_the_same_question_has_the_same_answer(self):
        for seed in [s for s in self.seeds if not isinstance(self.answer(s), Exception)][:5]:
            problem, _ = case(seed)
            again, first = self.engine(problem).solve(problem, self.request_), self.answer(seed)
            assert again.chosen.tolist() == first.chosen.tolist()
            assert (again.objective, again.bound, again.reproducible) == (first.objective, first.bound, True)


class ProvingConformance(EngineConformance):
    """For engines that find the best plan and prove it."""

    def test_the_objective_is_the_best_there_is_and_so_is_the_bound(self):
        for seed in self.seeds:
            truth, solution = case(seed)[1], self.answer(seed)
            assert isinstance(solution, InfeasibleError) == (not truth.feasible), seed
            if truth.feasible:
                assert (solution.objective, solution.bound) == (truth.best, truth.best), seed
                assert (solution.reason, solution.limit, solution.bound_by) == (Reason.OPTIMAL, None, "search")


class GreedyConformance(EngineConformance):
    """For engines that prove nothing."""

    def test_nothing_is_claimed(self):
        for _, _, solution in self.solved():
            assert (solution.bound, solution.reason, solution.limit) == (None, Reason.FEASIBLE, Limit.EXHAUSTED)

    def test_a_plan_is_found_for_most_problems_that_have_one(self):
        feasible = [s for s in self.seeds if case(s)[1].feasible]
        found = [s for s in feasible if not isinstance(self.answer(s), Exception)]
        assert len(found) >= 0.9 * len(feasible)

    def test_where_none_is_found_the_rules_are_named(self):
        for seed in self.seeds:
            if isinstance(self.answer(seed), NoPlanError):
                assert all(finding.rule for finding in self.answer(seed).findings)
