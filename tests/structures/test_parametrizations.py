"""Parametrizations: derivatives by finite differences, penalties by least squares."""

import numpy as np
import pytest

from mtlearn.structures import Clustered, Graph, Independent, Learned, Mean
from mtlearn.structures.parametrizations import (
    Factorized,
    Own,
    SharedAndOwn,
    SumOfParts,
)
from mtlearn.structures.penalties import EntryNorm, RowNorm, TieMean, TraceNorm
from tests.reference.columns import columns

K, D, STEP = 5, 3, 1e-6
TIE = np.array([2, 0, 2, 7, 0])  # the fourth column is tied to nobody
EQUAL = np.zeros(K, dtype=int)
RING = np.roll(np.eye(K), 1, axis=0) + np.roll(np.eye(K), -1, axis=0)


def learned(sharing):
    """After the covariance has been learned once."""
    form = Learned().parametrization(columns(TIE), sharing)
    blocks = random_blocks(form, seed=3)
    form.renew(blocks, blocks)
    return form


FORMS = {
    "own": Own,
    "own, l1": lambda: Own(0.4),
    "tied": lambda: SharedAndOwn(TIE, 0.6),
    "tied, l1": lambda: SharedAndOwn(TIE, 0.6, 0.3),
    "tied at 0": lambda: SharedAndOwn(TIE, 0.0),
    "tied at 1": lambda: SharedAndOwn(TIE, 1.0),
    "tied at 1, l1": lambda: SharedAndOwn(TIE, 1.0, 0.3),
    "nobody is tied": lambda: SharedAndOwn(np.arange(K), 0.6),
    "graph": lambda: Graph(RING).parametrization(columns(EQUAL), 0.8),
    "graph at 0": lambda: Graph(RING).parametrization(columns(EQUAL), 0.0),
    "graph at 1": lambda: Graph(RING).parametrization(columns(EQUAL), 1.0),
    "learned": lambda: learned(0.6),
    "factorized": lambda: Factorized(2),
    "one part": lambda: SumOfParts([TraceNorm()]),
    "two parts": lambda: SumOfParts([EntryNorm(), RowNorm(1.5)]),
    "tied part": lambda: SumOfParts([TraceNorm(), TieMean(TIE, 0.7)]),
}
COVARIANCES = {
    "independent": (Independent(), 0.0),
    "mean": (Mean(), 0.6),
    "mean at 0": (Mean(), 0.0),
    "mean at 1": (Mean(), 1.0),
    "clusters": (Clustered(clusters=[0, 0, 0, 1, 1]), 0.6),
    "graph": (Graph(RING), 0.8),
    "graph at 1": (Graph(RING), 1.0),
}


@pytest.fixture(params=FORMS)
def form(request):
    return FORMS[request.param]()


def random_blocks(form, seed=0):
    rng = np.random.default_rng(seed)
    start = form.start(K, D, np.float64, np.random.RandomState(0))
    return [rng.normal(size=block.shape) for block in start]


def flat(blocks):
    return np.concatenate([np.ravel(block) for block in blocks])


def jacobian(form, blocks, only=None):
    """Derivatives of W.ravel() in all blocks, or some; by central differences."""
    rows = []
    for j, block in enumerate(blocks):
        for place in np.ndindex(block.shape) if only is None or j in only else ():
            sides = []
            for move in (STEP, -STEP):
                moved = [each.copy() for each in blocks]
                moved[j][place] += move
                sides.append(form.coefficients(moved).ravel())
            rows.append((sides[0] - sides[1]) / (2 * STEP))
    return np.array(rows).reshape(-1, K * D).T


def test_shapes_and_dtype(form):
    for dtype in (np.float32, np.float64):
        blocks = form.start(K, D, dtype, np.random.RandomState(0))
        W = form.coefficients(blocks)
        assert W.shape == (K, D)
        assert len(blocks) == len(form.penalties) == len(form.per_column)
        slopes = form.pull_back(blocks, np.ones((K, D), dtype))
        assert [each.shape for each in slopes] == [each.shape for each in blocks]
        assert {each.dtype for each in (*blocks, W, *slopes)} == {np.dtype(dtype)}
        np.testing.assert_array_equal(W, 0)


def test_pull_back_is_the_finite_difference(form):
    """Of a loss of W that is no linear one."""
    blocks, target = random_blocks(form), np.random.default_rng(1).normal(size=(K, D))

    def loss(blocks):
        return np.sum(np.log1p((form.coefficients(blocks) - target) ** 2))

    away = form.coefficients(blocks) - target
    found = form.pull_back(blocks, 2 * away / (1 + away**2))
    for j, block in enumerate(blocks):
        for place in np.ndindex(block.shape):
            sides = []
            for move in (STEP, -STEP):
                moved = [each.copy() for each in blocks]
                moved[j][place] += move
                sides.append(loss(moved))
            slope = (sides[0] - sides[1]) / (2 * STEP)
            assert found[j][place] == pytest.approx(slope, abs=1e-7)


def test_gradients_of_blocks_do_not_share_memory_with_blocks(form):
    blocks = random_blocks(form)
    for slope in form.pull_back(blocks, np.ones((K, D))):
        assert not any(np.shares_memory(slope, block) for block in blocks)


def test_parts_add_up(form):
    blocks = random_blocks(form)
    np.testing.assert_allclose(sum(form.parts(blocks)), form.coefficients(blocks))


@pytest.mark.parametrize("name", COVARIANCES)
def test_least_square_of_blocks_is_the_penalty_of_the_covariance(name):
    """``min |blocks|^2`` given W is ``tr(W' M^-1 W)``."""
    structure, sharing = COVARIANCES[name]
    targets = columns(EQUAL if isinstance(structure, Graph) else TIE)
    form = structure.parametrization(targets, sharing)
    M = structure.start(targets, sharing).toarray()
    # At sharing 1 not every W can be had.
    W = M @ np.random.default_rng(0).normal(size=(K, D))
    J = jacobian(form, random_blocks(form))
    best, *_ = np.linalg.lstsq(J, W.ravel(), rcond=1e-7)
    np.testing.assert_allclose(J @ best, W.ravel(), atol=1e-7)
    wanted = np.trace(W.T @ np.linalg.pinv(M, rcond=1e-10, hermitian=True) @ W)
    assert form.decay * best @ best == pytest.approx(wanted, rel=1e-6)
    assert form.penalties == (None,) * len(form.penalties)


def test_least_square_of_a_learned_covariance():
    form = learned(0.6)
    M = form.covariance.toarray()
    assert np.ptp(np.linalg.eigvalsh(M)) > 0.1
    W = np.random.default_rng(0).normal(size=(K, D))
    best = np.linalg.solve(jacobian(form, random_blocks(form)), W.ravel())
    assert best @ best == pytest.approx(np.trace(W.T @ np.linalg.inv(M) @ W))


def test_least_square_of_factors_is_the_trace_norm():
    form, rng = Factorized(D), np.random.default_rng(0)
    W = rng.normal(size=(K, D))
    U, s, Vt = np.linalg.svd(W, full_matrices=False)
    even = [np.sqrt(s)[:, None] * Vt, U * np.sqrt(s)]
    for n in range(20):
        Q = np.eye(D) if n == 0 else rng.normal(size=(D, D))
        blocks = [Q @ even[0], even[1] @ np.linalg.inv(Q)]
        np.testing.assert_allclose(form.coefficients(blocks), W, atol=1e-9)
        cost = form.decay * np.sum(flat(blocks) ** 2) / 2
        assert cost >= s.sum() - 1e-9
        assert n > 0 or cost == pytest.approx(s.sum())


def penalty(form, blocks):
    cost = form.decay / 2 * np.sum(flat(blocks) ** 2)
    for block, each in zip(blocks, form.penalties):
        cost += 0 if each is None else each.value(block)
    return cost


def elastic(w, r):
    return (1 - r) / 2 * np.sum(w**2) + r * np.sum(np.abs(w))


@pytest.mark.parametrize("r", [0.0, 0.3, 1.0])
def test_penalty_of_own_columns(r):
    blocks = random_blocks(Own(r))
    assert penalty(Own(r), blocks) == pytest.approx(elastic(blocks[0], r))
    assert Own(r, decay=0.2).decay == 0.2


@pytest.mark.parametrize("r", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("sharing", [0.2, 0.9])
def test_penalty_of_shared_and_own(sharing, r):
    form = SharedAndOwn(TIE, sharing, r)
    blocks = random_blocks(form)
    W = form.coefficients(blocks)
    shared = np.sqrt(sharing) * blocks[1]  # of the ties 0 and 2
    own = W - np.array([shared[1], shared[0], shared[1], np.zeros(D), shared[0]])
    divisor = np.array([1, 1, 1, 0, 1]) * (1 - sharing) + np.array([0, 0, 0, 1, 0])
    wanted = sum(elastic(v, r) / by for v, by in zip(own, divisor))
    wanted += elastic(shared, r) / sharing
    assert penalty(form, blocks) == pytest.approx(wanted)


@pytest.mark.parametrize("sharing", [0.0, 1.0])
def test_ends_of_shared_and_own(sharing):
    form = SharedAndOwn(TIE, sharing, 0.3)
    blocks = random_blocks(form)
    W = form.coefficients(blocks)
    if sharing == 0:
        np.testing.assert_allclose(W, blocks[0])
    else:
        np.testing.assert_allclose(W[[0, 1, 3]], [*blocks[1][::-1], blocks[0][3]])
        np.testing.assert_array_equal(W[[0, 1]], W[[2, 4]])
    for block, each in zip(blocks, form.penalties):
        found = each.prox(block, 0.05)
        assert np.isfinite(found).all()
        np.testing.assert_array_equal(each.prox(0 * block, 0.05), 0)


@pytest.mark.parametrize("step", [0.05, np.linspace(0, 0.3, K)[:, None]])
def test_prox_of_blocks_is_that_of_columns(step):
    weight = np.linspace(0.5, 2, K)
    form = SumOfParts([EntryNorm(weight)])
    (block,) = random_blocks(form)
    found = form.penalties[0].prox(block, step)
    bound = np.broadcast_to(weight[:, None] * step, block.shape)
    wanted = np.sign(block) * np.maximum(np.abs(block) - bound, 0)
    np.testing.assert_allclose(found, wanted, atol=1e-15)
    assert found.flags.c_contiguous
    np.testing.assert_array_equal(
        form.penalties[0].confine(block, found) != 0, found != 0
    )


def test_renew_keeps_the_coefficients(form):
    blocks, average = random_blocks(form), random_blocks(form, seed=1)
    before = [form.coefficients(each).copy() for each in (blocks, average)]
    old = flat([*blocks, *average])
    root = getattr(form, "root", None)
    renewed = form.renew(blocks, average)
    after = [form.coefficients(each) for each in (blocks, average)]
    np.testing.assert_allclose(after, before, atol=1e-9)
    if renewed:
        assert abs(form.root - root).max() > 1e-3
    else:
        np.testing.assert_array_equal(flat([*blocks, *average]), old)


def test_fill_makes_the_coefficients(form):
    """Of what the form can make: the second time, nothing else is."""
    W = form.coefficients(random_blocks(form))
    kept = W.copy()
    for dtype in (np.float64, np.float32):
        blocks = form.start(K, D, dtype, np.random.RandomState(0))
        form.fill(blocks, W.astype(dtype))
        assert {block.dtype for block in blocks} == {np.dtype(dtype)}
        found = form.coefficients(blocks)
        np.testing.assert_allclose(found, W, atol=1e-9 if dtype == np.float64 else 1e-4)
    np.testing.assert_array_equal(W, kept)


@pytest.mark.parametrize("name", ["own", "tied", "tied at 0", "graph", "factorized"])
def test_fill_takes_the_blocks_of_least_penalty(name):
    """No other blocks of the same coefficients are shorter."""
    form = FORMS[name]()
    W = form.coefficients(random_blocks(form))
    blocks = [0 * block for block in random_blocks(form)]
    form.fill(blocks, W)
    J = jacobian(form, blocks)
    moves = np.linalg.svd(J)[2][np.linalg.matrix_rank(J, tol=1e-7) :]
    np.testing.assert_allclose(moves @ flat(blocks), 0, atol=1e-7)


def test_only_what_is_learned_is_renewed():
    names = [
        name
        for name, make in FORMS.items()
        if make().renew(random_blocks(make()), random_blocks(make(), seed=1))
    ]
    assert names == ["learned"]


def test_renewed_covariance_is_of_the_average():
    form = Learned().parametrization(columns(TIE), 0.6)
    blocks, average = random_blocks(form), random_blocks(form, seed=1)
    W = form.coefficients(average).copy()
    wanted = form.revise(W, form.covariance).toarray()
    assert form.renew(blocks, average)
    np.testing.assert_allclose(form.root @ form.root, wanted, atol=1e-9)


def test_renew_of_an_average_that_is_the_blocks():
    form = Learned().parametrization(columns(TIE), 0.6)
    blocks = random_blocks(form)
    before = form.coefficients(blocks).copy()
    for _ in range(10):
        assert form.renew(blocks, blocks)
        np.testing.assert_allclose(form.coefficients(blocks), before, atol=1e-7)


def test_shared_kernel_is_products_of_derivatives(form):
    """In the blocks whose rows are no single column's."""
    blocks = random_blocks(form)
    shared = [j for j, own in enumerate(form.per_column) if not own]
    J = jacobian(form, blocks, only=shared).reshape(K, D, -1)
    wanted, kernel = np.einsum("kip,ljp->ijkl", J, J), form.shared_kernel(blocks)
    if kernel is None:
        np.testing.assert_allclose(wanted, 0, atol=1e-9)
        return
    assert kernel.shape == (K, K)
    for i, j in np.ndindex(D, D):
        np.testing.assert_allclose(wanted[i, j], kernel * (i == j), atol=1e-8)


def test_who_shares_by_itself():
    names = [
        name
        for name, make in FORMS.items()
        if make().shared_kernel(random_blocks(make())) is not None
    ]
    tied = ["tied", "tied, l1", "tied at 1", "tied at 1, l1"]
    assert names == [*tied, "factorized"]


def test_rows_of_own_blocks_are_columns(form):
    for block, own in zip(random_blocks(form), form.per_column):
        assert not own or len(block) == K


def spread(loads, blocks):
    return flat([np.broadcast_to(a, b.shape) for a, b in zip(loads, blocks)])


LOADS = {
    "even": np.ones(K),
    "uneven": np.array([1, 0.01, 0.5, 0.2, 3]),
    "one": np.array([1e-6, 1, 1e-6, 1e-6, 1e-6]),
}


@pytest.mark.parametrize("load", LOADS.values(), ids=LOADS)
def test_loads_bound_the_curvature_of_all_blocks_together(form, load):
    """Of ``sum load_k |W_k|^2 / 2``: no step of 1 / loads goes past twice the best."""
    for seed in range(3):
        blocks = random_blocks(form, seed)
        J = jacobian(form, blocks)
        H = (J.T * np.repeat(load, D)) @ J
        bound = spread(form.loads(blocks, load), blocks)
        scale = np.sqrt(np.maximum(bound, 1e-12))
        greatest = np.linalg.eigvalsh(H / scale / scale[:, None])[-1]
        # No less, and not so much more that steps would be needlessly short.
        assert 0.2 <= greatest <= 1 + 1e-6


@pytest.mark.parametrize("most", [1, 2, K])
def test_noises_bound_the_curvature_of_a_single_row(form, most):
    rng = np.random.default_rng(0)
    blocks, top = random_blocks(form), np.array([1, 0.25, 0.5, 2, 1])
    J = jacobian(form, blocks)
    bound = np.maximum(spread(form.noises(blocks, top, most), blocks), 1e-12)
    for _ in range(30):
        x = rng.normal(size=D)
        its = np.zeros(K)
        its[rng.permutation(K)[:most]] = 1
        H = J.T @ np.kron(np.diag(top * its), np.outer(x, x) / (x @ x)) @ J
        scale = np.sqrt(bound)
        assert np.linalg.eigvalsh(H / scale / scale[:, None])[-1] <= 1 + 1e-6


def test_noises_of_few_labels_are_less_than_of_all():
    top = np.ones(20)
    tied = SharedAndOwn(np.zeros(20, int), 0.5)
    graph = Graph(np.ones((20, 20)) - np.eye(20))
    graph = graph.parametrization(columns(np.zeros(20, int)), 0.9)
    for form, j in ((tied, 1), (graph, 0)):
        blocks = form.start(20, D, float, None)
        few, all_of_them = (form.noises(blocks, top, most)[j] for most in (1, 20))
        assert np.max(few) < 0.3 * np.max(all_of_them)
