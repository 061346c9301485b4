"""The data models and estimators of the page. A new one is an entry here."""

from __future__ import annotations

from riskcalc.explore.controls import Menu, Part, Slider, Tables, Values, linear, logarithmic

NOISE = Slider("noise variance τ²", linear(0, 2, 41), 0.25)
RIDGE = Slider("ridge λ", logarithmic(-4, 2, zero=True), 0.1)


def _isotropic(values: Values) -> Tables:
    return {"kind": "GaussianData.isotropic", "n_features": values["n_features"], "noise": values["noise"]}


def _power_law(values: Values) -> Tables:
    names = ("exponent", "source", "noise", "n_features")
    return {"kind": "GaussianData.power_law"} | {name: values[name] for name in names}


def _sphere(values: Values) -> Tables:
    by_degree = {str(k): values[f"energy_{k}"] for k in (1, 2, 3)}
    target = {"kind": "targets.DegreeEnergies", "by_degree": by_degree}
    return {"kind": "SphereData", "n_inputs": int(values["n_inputs"]), "target": target, "noise": values["noise"]}


def _ridge(values: Values) -> Tables:
    return {"kind": "Ridge", "ridge": round(values["ridge_per_feature"] * values["n_features"], 10)}


def _flow(values: Values) -> Tables:
    return {"kind": "GradientFlow", "time": values["time"]}


def _bagging(values: Values) -> Tables:
    member = {"kind": "Ridge", "ridge": round(values["ridge_per_feature"] * values["n_features"], 10)}
    subsample = max(1, round(values["share"] * values["n_features"]))
    return {"kind": "Ensemble", "estimator": member, "size": int(values["size"]), "subsample": subsample}


def _kernel(values: Values) -> Tables:
    return {"kind": "KernelRidge", "kernel": values["kernel"], "ridge": values["ridge"]}


def _random_features(values: Values) -> Tables:
    width = max(1, round(values["width_per_input"] * values["n_inputs"]))
    return {
        "kind": "RandomFeatureRidge",
        "activation": values["activation"],
        "width": width,
        "ridge": values["ridge"],
    }


N_FEATURES = Slider("features p", tuple(float(p) for p in range(50, 1001, 50)), 200.0)
RIDGE_PER_FEATURE = Slider("ridge per feature λ/p", logarithmic(-4, 2, zero=True), 0.01)
ACTIVATION = Menu(
    "activation φ",
    {name: {"kind": f"activations.{name}"} for name in ("ReLU", "Tanh", "Erf", "GELU", "Sin", "Abs")},
    "ReLU",
)
KERNEL = Menu(
    "kernel",
    {
        "exponential": {"kind": "kernels.Exponential"},
        "Gaussian": {"kind": "kernels.RBF"},
        "Laplace": {"kind": "kernels.Laplace"},
        "ReLU neural tangent, depth 1": {"kind": "kernels.ReluNeuralTangent", "depth": 1},
        "ReLU neural tangent, depth 3": {"kind": "kernels.ReluNeuralTangent", "depth": 3},
        "arc-cosine, order 1": {"kind": "kernels.ArcCosine", "order": 1},
        "quadratic": {"kind": "kernels.Polynomial", "degree": 2},
    },
    "exponential",
)

DATA = {
    "Gaussian, isotropic": Part(
        {"n_features": N_FEATURES, "noise": NOISE}, _isotropic, "n_features", lambda v: 4 * float(v["n_features"])
    ),
    "Gaussian, power law": Part(
        {
            "exponent": Slider("exponent α of the spectrum", linear(1.05, 3, 40), 1.5),
            "source": Slider("source r of the target", linear(0.05, 1, 20), 0.4),
            "n_features": N_FEATURES,
            "noise": NOISE,
        },
        _power_law,
        "n_features",
        lambda v: 4 * float(v["n_features"]),
    ),
    "sphere": Part(
        {
            "n_inputs": Slider("dimension d", tuple(float(d) for d in range(10, 101, 5)), 20.0),
            "energy_1": Slider("energy in degree 1", linear(0, 1, 21), 0.5),
            "energy_2": Slider("energy in degree 2", linear(0, 1, 21), 0.3),
            "energy_3": Slider("energy in degree 3", linear(0, 1, 21), 0.2),
            "noise": NOISE,
        },
        _sphere,
        "n_inputs",
        lambda v: 5 * float(v["n_inputs"]) ** 2,
    ),
}

RIDGE_FORMULAS = ("ridge.test", "ridge.variance")

GAUSSIAN, SPHERE = ("Gaussian, isotropic", "Gaussian, power law"), ("sphere",)

ESTIMATORS: dict[str, tuple[tuple[str, ...], Part]] = {
    "ridge regression": (GAUSSIAN, Part({"ridge_per_feature": RIDGE_PER_FEATURE}, _ridge, formulas=RIDGE_FORMULAS)),
    "gradient flow, stopped early": (
        GAUSSIAN[:1],
        Part(
            {"time": Slider("time t", logarithmic(-1, 3), 5.0)},
            _flow,
            formulas=("flow.isotropic_bias", "flow.isotropic_variance"),
        ),
    ),
    "bagging": (
        GAUSSIAN,
        Part(
            {
                "ridge_per_feature": RIDGE_PER_FEATURE,
                "size": Slider("members K", (1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0), 10.0),
                "share": Slider("rows per member k/p", linear(0.05, 2, 40), 0.5),
            },
            _bagging,
            formulas=("ensemble.test",),
        ),
    ),
    "kernel ridge regression": (
        SPHERE,
        Part({"kernel": KERNEL, "ridge": RIDGE}, _kernel, formulas=("kernel_ridge.test", "kernel.funk_hecke")),
    ),
    "random features": (
        SPHERE,
        Part(
            {
                "activation": ACTIVATION,
                "width_per_input": Slider("neurons per input N/d", logarithmic(-1, 2), 5.0),
                "ridge": RIDGE,
            },
            _random_features,
            formulas=("random_features.effective_ridges", "random_features.bias", "random_features.variance"),
        ),
    ),
}
