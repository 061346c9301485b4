# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Kernel ridge regression in high dimension
#
# **Question.** What does an infinitely wide lazy network learn from n samples when the dimension d is large? Its kernel
# depends on ⟨x, x'⟩/d, and its eigenfunctions are polynomials degree by degree: B(d, k) ~ d^k/k! of them at degree k. With
# n ~ d^a samples it learns exactly the degrees below a, and nothing of the others: a staircase.
#
# **Sources.** T. Misiakiewicz and A. Montanari, *Six lectures on linearized neural networks*, arXiv:2308.13431, lecture 3;
# B. Ghorbani et al. (2021), S. Mei et al. (2022), T. Misiakiewicz (2022), L. Xiao et al. (2022), N. El Karoui (2010).

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
# ## A kernel and its spectrum
#
# On the sphere ‖x‖² = d, h(t) = Σ_k ξ_k B(d, k) Q_k(t) with Gegenbauer polynomials Q_k normalised to Q_k(1) = 1. The mass
# of degree k is ξ_k B(d, k); the masses sum to h(1). Parity forbids the odd degrees from 3 on for this kernel.

# %%
kernel = rc.kernels.ReluNeuralTangent(depth=1)
spectrum = kernel.spectrum(n_inputs=20, max_degree=8)
for degree, (mass, count) in enumerate(zip(spectrum.masses, spectrum.multiplicities, strict=True)):
    print(f"degree {degree}: mass {mass:.3e} spread over {count:.0f} functions")
print(f"beyond: {spectrum.tail:.3e}, together {spectrum.trace:.12f} = h(1) = {kernel.profile(1.0, 20):.12f}")

# %% [markdown]
# ## The staircase
#
# A target with energy in degrees 1, 2 and 3, and three kernels. The error at ridge 0 falls as n passes B(20, 1) = 20,
# B(20, 2) = 209 and B(20, 3) = 1520. What is not yet learned acts as noise, and the degrees that are never resolved act as
# a ridge.

# %%
target = rc.targets.DegreeEnergies({1: 0.5, 2: 0.3, 3: 0.2})
data = rc.SphereData(n_inputs=20, target=target, noise=0.1)
n = np.unique(np.geomspace(5, 3000, 120).round())
points = np.array([10, 20, 40, 80, 160, 320, 640])
(left, right) = panels(2)
for name, one in {"exponential": rc.kernels.Exponential(), "Gaussian": rc.kernels.RBF(), "ReLU": kernel}.items():
    plot.risk_curve(rc.predict(data, rc.KernelRidge(one, 0), n), ax=left, label=name)
    plot.risk_curve(rc.simulate(data, rc.KernelRidge(one, 0), points, n_trials=10, rng=0), ax=left, label=name)
left.legend()
plot.degrees(rc.predict(data, rc.KernelRidge(rc.kernels.Exponential(), 0), n), ax=right, max_degree=3)
right.legend()
plt.show()

# %%
check = rc.verify(data, rc.KernelRidge(rc.kernels.Exponential(), [0, 0.1]), points[:, None], n_trials=20, rng=1)
z = check.z["test"]
print("z of the test error, one row per n, one column per ridge:")
print(z.round(2))
print("verdict:", "theory and simulation agree" if check.agrees else "they disagree")

# %% [markdown]
# As d grows the curve becomes a staircase in a = log n / log d. The limit is `limits.staircase`; at whole exponents
# `limits.critical_ridge_risk` resolves the step.

# %%
(axis,) = panels(1)
exponent = np.linspace(0.3, 2.7, 200)
for d in (20, 100, 1000):
    one = rc.SphereData(n_inputs=d, target=target)
    risk = rc.predict(one, rc.KernelRidge(rc.kernels.Exponential(), 0.1), d**exponent)
    axis.plot(exponent, risk.test, marker="", label=f"d = {d}")
limit = rc.limits.staircase([0, 0.5, 0.3, 0.2], exponent)
axis.plot(exponent, limit, marker="", color="0.6", linestyle="-", zorder=0, label="d → ∞")
axis.set(xlabel="log n / log d", ylabel="excess error")
axis.legend()
plt.show()

# %% [markdown]
# ## Multiple descent
#
# A kernel with a small tail interpolates each degree almost without regularisation: the variance has a bump where n
# passes a multiplicity, here 30 and 464.

# %%
bumpy = rc.KernelRidge(rc.kernels.Taylor([0, 1, 0.02, 0.0004, 0.000008]), [0, 0.1])
data = rc.SphereData(n_inputs=30, target=rc.targets.DegreeEnergies({1: 0.6, 2: 0.3, 3: 0.1}), noise=0.5)
(left, right) = panels(2)
plot.risk_curve(rc.predict(data, bumpy, np.geomspace(5, 2000, 200)[:, None]), ax=left)
plot.risk_curve(rc.simulate(data, bumpy, np.array([10, 30, 100, 300, 464])[:, None], n_trials=8, rng=2), ax=left)
left.set(ylim=(0.3, 4), yscale="log")
left.legend()
plot.decomposition(rc.predict(data, rc.KernelRidge(bumpy.kernel, 0), np.geomspace(5, 2000, 200)), ax=right)
right.set(ylim=(0, 4), title="ridge 0")
right.legend(loc="upper right")
plt.show()

# %% [markdown]
# ## The spectrum of the kernel matrix
#
# With n ~ B(d, ℓ): spikes of the degrees below ℓ, a bulk of Marchenko–Pastur from degree ℓ, and everything above it is a
# multiple of the identity.

# %%
rng = np.random.default_rng(0)
d, n = 40, 800
x = rng.standard_normal((n, d))
x *= np.sqrt(d) / np.linalg.norm(x, axis=1, keepdims=True)
exponential = rc.kernels.Exponential()
(axis,) = panels(1)
plot.spectrum(rc.limits.kernel_spectrum(exponential, d, n), eigenvalues=np.linalg.eigvalsh(exponential(x)), ax=axis)
plt.show()

# %% [markdown]
# ## Digits
#
# Nothing about a real table is spherical. The same equivalent, with the eigenvalues and projections of the table's own
# kernel matrix, predicts its learning curve on random subsets.

# %%
digits = rc.Experiment.load("digits")
print(rc.compare(digits.predict(), digits.simulate()).table())

# %% [markdown]
# ## Change and try
#
# * `rc.HypercubeData` and `rc.targets.Monomials({(0,): 1.0, (0, 1): 1.0})`: the same on {±1}^d.
# * `rc.kernels.NeuralTangent(rc.activations.Tanh())`: an odd activation learns only odd degrees.
# * `rc.kernels.Cyclic(kernel)`: a kernel that knows a symmetry of the target needs d times fewer samples.
# * the best ridge of each n: `rc.tune(data, estimator, n)`.
