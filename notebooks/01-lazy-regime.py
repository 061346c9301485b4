# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The lazy regime: when is a network its own linearisation?
#
# **Question.** A network trained by gradient flow moves its weights. When is the move so small that the network is its
# linear expansion around the start, and what is guaranteed then?
#
# **Sources.** T. Misiakiewicz and A. Montanari, *Six lectures on linearized neural networks*, arXiv:2308.13431, lecture 1;
# L. Chizat, E. Oyallon and F. Bach (2019), S. Oymak and M. Soltanolkotabi (2019), P. Bartlett, A. Montanari and A. Rakhlin
# (2021, section 5).

# %%
import matplotlib.pyplot as plt
import numpy as np

import riskcalc as rc
from riskcalc import plot

plt.style.use(plot.STYLE)


def panels(columns):
    """A row of axes."""
    return plt.subplots(1, columns, figsize=(3.6 * columns, 2.9), squeeze=False)[1][0]


# %% [markdown]
# ## The criterion
#
# The output is α f(x; θ), trained on ‖y − α f‖²/2n. With σ_min the smallest singular value of the Jacobian at the start, L
# its Lipschitz constant and r₀ the first residual,
#
# $$\rho = \frac{4 L r_0}{\alpha\,\sigma_{\min}^2} < 1$$
#
# guarantees that the training error falls at the rate of the linearised flow, and that the weights move by at most
# 2 r₀/(α σ_min).

# %%
rng = np.random.default_rng(1)
d, n, width = 8, 20, 400
x = rng.standard_normal((n, d))
x *= np.sqrt(d) / np.linalg.norm(x, axis=1, keepdims=True)
y = x[:, 0] + 0.5 * x[:, 1] * x[:, 2]
scales = np.array([0.5, 2, 8, 32, 128])
tanh = rc.activations.Tanh()
experiment = rc.lazy_experiment(tanh, x, y, width, scales, rng=0)
print(experiment.table())

# %% [markdown]
# Both guarantees held at every scale, also where ρ > 1: the condition is sufficient and pessimistic. Displacement, change
# of the kernel and gap to the linearised flow all fall as 1/α.

# %%
print("slopes:", {name: round(slope, 3) for name, slope in experiment.slopes.items()})
twins = rc.lazy_experiment(tanh, x, y, width, scales, rng=0, antisymmetric=True)
print("antisymmetric start:", {name: round(slope, 3) for name, slope in twins.slopes.items()})
(left, right) = panels(2)
plot.lazy(experiment, ax=left)
left.set_title("generic start")
left.legend()
plot.lazy(twins, ax=right)
right.set_title("antisymmetric start: 1/α²")
right.legend()
plt.show()

# %% [markdown]
# ## The linearised flow, and ridge
#
# In closed form f_t = k(x)ᵀ U diag((1 − e^{−s t/n})/s) Uᵀ y. Stopping at time t is much like ridge λ = n/t: the factors
# 1 − e^{−z} and z/(1 + z) of each eigenvalue differ by at most 0.2036.

# %%
weights = rng.standard_normal((width, d)) / np.sqrt(d)
gram = rc.lazy.neural_tangent_gram(tanh, x, weights, rng.choice([-1.0, 1.0], width))
s = np.linalg.eigvalsh(gram)
times = np.geomspace(n / s[-1] / 100, 100 * n / s[0], 200)
fitted = rc.lazy.flow_path(gram, y, times) @ gram
flow_error = np.mean((y - fitted) ** 2, axis=-1)
ridges = rc.lazy.ridge_for_time(times, n)
ridge_error = [np.mean((lam * np.linalg.solve(gram + lam * np.eye(n), y)) ** 2) for lam in ridges]
z = np.geomspace(1e-2, 1e2, 300)
(left, right) = panels(2)
left.plot(times, flow_error, marker="", label="flow at time t")
left.plot(times, ridge_error, marker="", label="ridge λ = n/t")
left.set(xscale="log", yscale="log", ylim=(1e-8, 3), xlabel="time t", ylabel="training error")
left.legend()
right.plot(z, -np.expm1(-z), marker="", label="flow, 1 − exp(−z)")
right.plot(z, z / (1 + z), marker="", label="ridge, z/(1+z)")
right.set(xscale="log", xlabel="z = s t/n = s/λ", ylabel="share fitted")
right.legend()
plt.show()

# %% [markdown]
# ## Compared with simulation
#
# Early-stopped kernel gradient flow on the sphere: the equivalent against experiments.

# %%
data = rc.SphereData(30, rc.targets.DegreeEnergies({1: 0.7, 2: 0.3}), noise=0.2)
flow = rc.GradientFlow([1.0, 30.0, 1000.0], kernel=rc.kernels.ReluNeuralTangent(1))
check = rc.verify(data, flow, 150, n_trials=20, rng=0)
print("z of the test error at the three times:", check.z["test"].round(2))
print("verdict:", "theory and simulation agree" if check.agrees else "they disagree")

# %% [markdown]
# ## Change and try
#
# * A wider network: `width=1600` makes ρ smaller by half.
# * `rc.activations.ReLU()`: it runs, but nothing is promised, since φ'' does not exist.
# * `scales` between 0.1 and 1: where the network leaves the lazy regime.
