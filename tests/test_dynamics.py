"""The battery: shipped variants keep their promises, planted bugs are found, correct code passes."""

import planted_dynamics as planted
import pytest
from click.testing import CliRunner

from simulations.variants import DENSE, FAMILIES, variant
from verify.cli import main
from verify.dynamics import DynamicsError, assert_dynamics, check_dynamics, check_variant
from verify.dynamics.callables import load


@pytest.mark.parametrize("name", FAMILIES)
def test_every_shipped_variant_keeps_its_promises(name):
    report = check_variant(name, examples=10, search=0)
    assert report.passed, report.text()
    assert {f.property for f in report.findings} == variant(name).promises | {"inputs"}
    # A promise that cannot be tested is no promise.
    assert all(f.status == "pass" for f in report.findings), report.text()


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_no_search_breaks_a_promise(name):
    report = check_variant(name, examples=100, search=200)
    assert report.passed, report.text()


DENSE_ENERGY = {"energy": DENSE.energy}
BROKEN = [
    ("topk:k=1", "contraction", {"lipschitz": 0.5}),
    ("topk:k=2", "contraction", {"lipschitz": 0.5}),
    ("topk:reading=A", "hull", {}),
    ("topk:reading=A", "descent", DENSE_ENERGY),
    ("topk:reading=A", "monotone", DENSE_ENERGY),
    ("random-masked", "limit", {}),
    ("random-masked", "descent", DENSE_ENERGY),
    ("random-masked", "monotone", DENSE_ENERGY),
    ("linear", "descent", DENSE_ENERGY),
    ("linear", "monotone", DENSE_ENERGY),
    ("linear", "rotation", {}),
    ("linear:features=identity", "hull", {}),
]


@pytest.mark.parametrize(("name", "broken", "options"), BROKEN)
def test_models_without_an_energy_do_not_pass_where_they_should_not(name, broken, options):
    update = variant(name).update
    report = check_dynamics(update, properties=[broken], examples=40, search=40, **options)
    found = report[broken]
    assert found.status == "fail"
    assert found.witness.memories.shape[0] <= 3
    assert found.witness.memories.shape[1] <= 2
    with pytest.raises(AssertionError):
        exec(found.code, {"update": update, **options})


def test_a_map_that_jumps_everywhere_is_never_certified_to_be_continuous():
    if "random-masked" not in FAMILIES:
        pytest.skip("no family random-masked")
    report = check_dynamics(
        variant("random-masked").update, properties=["contraction", "permutation"], lipschitz=0.5, search=0
    )
    assert [f.status for f in report.findings] == ["undecided", "undecided"]


# name, options, the properties that must fail, those of which one failure must be found
BUGS = {
    "energy without 1/beta": (
        "dense",
        {"energy": "energy_without_beta"},
        {"descent", "monotone", "gradient", "stationary"},
    ),
    "top-K fills with zero": (
        "two_largest_filled_with_zero",
        {"energy": "two_largest_energy", "like": "two_largest"},
        {"descent", "gradient", "agreement"},
    ),
    "cosine by the norm of the matrix": ("cosine_by_matrix_norm", {"like": "cosine"}, {"agreement"}),
    "sparsemax calls softmax": ("sparse_that_calls_softmax", {"like": "sparse"}, {"agreement", "margin"}),
    "beta squared": ("beta_squared", {"like": "dense"}, {"scaling", "contraction", "gradient", "agreement"}),
    "support off by one": ("sparse_off_by_one", {"like": "sparse"}, {"margin", "agreement", "hull"}),
    "changes its query": ("changes_its_query", {"like": "dense"}, {"inputs"}),
    "no shift before exp": ("unshifted", {"like": "dense"}, {"defined"}),
    "no normalisation": ("unnormalised", {}, {"hull", "limit"}),
    "redrawn at each call": ("redrawn", {}, {"repeatable", "limit"}),
    "overshoots": ("overshooting", {"energy": "dense_energy"}, {"monotone", "limit", "hull"}),
    "ascends": ("hebb_upside_down", {"energy": "hebb_energy"}, {"limit"}),
}
COSINE = ("hull", "rotation", "permutation", "limit", "defined", "inputs", "repeatable")
CORRECT = {
    "dense": ("dense", {"energy": "dense_energy", "like": "dense"}, ()),
    "top-K": ("two_largest", {"energy": "two_largest_energy", "like": "two_largest"}, ()),
    "cosine": ("cosine", {"like": "cosine"}, (*COSINE, "agreement")),
    "sparsemax": ("sparse", {"like": "sparse"}, ()),
    "signs": (
        "hebb",
        {"energy": "hebb_energy"},
        ("monotone", "limit", "permutation", "scaling", "defined", "inputs", "repeatable"),
    ),
}


def options_of(options):
    """The callables of planted_dynamics for their names; ``like`` may name a shipped variant."""
    found = {key: getattr(planted, name) for key, name in options.items() if hasattr(planted, name)}
    if options.get("like") in FAMILIES:
        found["like"] = options["like"]
    return found


def command_line(name, options, properties, place):
    args = ["dynamics", f"{place}:{name}", "--examples", "20", "--search", "0"]
    for key, value in options.items():
        shipped = key == "like" and value in FAMILIES
        args += [f"--{key}", value if shipped else f"{place}:{value}"]
    for item in properties:
        args += ["--property", item]
    return CliRunner().invoke(main, args)


@pytest.mark.parametrize("bug", BUGS)
def test_every_planted_bug_is_found_small_and_reproducible(bug):
    name, options, failing = BUGS[bug]
    function = getattr(planted, name)
    report = check_dynamics(function, examples=40, search=0, properties=failing, **options_of(options))
    assert {f.property for f in report.failures} == failing
    for found in report.failures:
        count, d = found.witness.memories.shape
        assert count <= 3
        assert d <= 2
        if bug == "redrawn at each call":  # it may behave by chance
            continue
        scope = {"update": function}  # what cannot be imported by name is left to the reader
        with pytest.raises((AssertionError, RuntimeWarning)):
            exec(found.code, scope)
    with pytest.raises(AssertionError, match="to reproduce"):
        assert_dynamics(function, examples=0, search=0, properties=failing, **options_of(options))


@pytest.mark.parametrize("bug", BUGS)
def test_the_command_finds_every_planted_bug(bug):
    name, options, failing = BUGS[bug]
    found = command_line(name, options, failing, planted.__file__)
    assert found.exit_code == 1, found.output
    for item in failing:
        assert f"\n{item}: " in found.output
    assert "memories = np.array(" in found.output


@pytest.mark.parametrize("case", CORRECT)
def test_correct_code_passes(case):
    name, options, properties = CORRECT[case]
    assert_dynamics(
        getattr(planted, name), examples=40, search=0, properties=properties or None, **options_of(options)
    )
    found = command_line(name, options, properties, "planted_dynamics")
    assert found.exit_code == 0, found.output


def test_the_search_finds_what_examples_miss():
    options = {"energy": planted.dense_energy, "properties": ["descent"], "examples": 100}
    assert check_dynamics(planted.narrow, search=0, **options).passed
    found = check_dynamics(planted.narrow, search=100, **options)["descent"]
    assert found.status == "fail"
    assert found.evaluations > 0


def test_the_same_seed_gives_the_same_report():
    first, again = (
        check_dynamics(planted.dense, like="dense", properties=names, examples=15, search=20, seed=3).text()
        for names in (["descent", "rotation"], ["rotation", "descent"])
    )
    assert first == again
    other = check_dynamics(
        planted.dense, like="dense", properties=["descent", "rotation"], examples=15, search=20, seed=4
    )
    assert first != other.text()


def test_three_lines_in_pytest_show_what_is_wrong():
    with pytest.raises(AssertionError) as caught:
        assert_dynamics(planted.sparse_that_calls_softmax, like="sparse", examples=0, search=0)
    text = str(caught.value)
    assert "from planted_dynamics import sparse_that_calls_softmax as update" in text
    assert "agreement      fail" in text.replace("agreement     fail", "agreement      fail")


def test_every_property_has_a_reproduction():
    from verify.dynamics.properties import CHECKS, STATEMENTS
    from verify.dynamics.reproduce import BODY

    assert BODY.keys() == CHECKS.keys() == STATEMENTS.keys()


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["nothing"], "no such pair"),
        (["missing.py:f"], "no such file"),
        (["no_such_module:f"], "no module 'no_such_module'"),
        (["planted_dynamics:absent"], "'absent'"),
        (["planted_dynamics:not_callable"], "found a int"),
        (["planted_dynamics:Redrawn"], "found a class"),
        (["planted_dynamics:softmax"], "takes 1 positional argument"),
        (["planted_dynamics:dense", "--like", "nobody"], "found 'nobody'"),
        (["planted_dynamics:dense", "--property", "beauty"], "found 'beauty'"),
        (["planted_dynamics:dense", "--variant", "dense"], "found both"),
        ([], "found neither"),
        (["--variant", "dense", "--like", "dense"], "expected without --like"),
        (["--variant", "nobody"], "found 'nobody'"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(args, sentence):
    found = CliRunner().invoke(main, ["dynamics", *args])
    assert found.exit_code == 2, found.output
    assert sentence in found.output
    assert len(found.output.strip().splitlines()) == 1


def test_an_interrupt_ends_with_130():
    found = CliRunner().invoke(main, ["dynamics", "planted_dynamics:interrupted"])
    assert found.exit_code == 130
    assert "Traceback" not in found.output


def test_the_command_tests_shipped_variants():
    found = CliRunner().invoke(
        main, ["dynamics", "--variant", "sparse", "--property", "margin", "--examples", "5", "--search", "0"]
    )
    assert found.exit_code == 0, found.output
    assert "margin" in found.output


def test_a_file_is_loaded_by_path_and_a_method_by_dots(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("class Layer:\n    def __call__(self, m, q, b):\n        return q\n\nlayer = Layer()\n")
    assert load(f"{path}:layer")(1, 2, 3) == 2
    assert load(f"{path}:layer.__call__")(1, 2, 3) == 2
    path.write_text("raise OSError('disc')\n")
    with pytest.raises(DynamicsError, match=r"OSError: disc \(line 1"):
        load(f"{path}:layer")
