"""Integration of an autonomous flow, with dense output and with an event."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import numpy.typing as npt

from riskcalc.arguments import FloatArray, numbers
from riskcalc.errors import NotConvergedError

RTOL = 1e-10
FOREVER = 1e30
LARGE = 300  # unknowns beyond which the dense Jacobian of an implicit method costs more than its longer steps save
Velocity = Callable[[FloatArray], FloatArray]


def flow(velocity: Velocity, start: FloatArray, times: FloatArray, tolerance: npt.ArrayLike) -> FloatArray:
    """State at each of the times, shape times.shape + start.shape; LSODA turns to an implicit method where it is stiff.

    The error of a step is below ``tolerance`` (absolute, per unknown) plus 1e-10 of the state.
    """
    from scipy.integrate import solve_ivp

    flat, last = start.ravel(), float(times.max(initial=0.0))
    if last == 0:
        return np.broadcast_to(start, times.shape + start.shape).copy()

    def right_hand_side(t: float, y: FloatArray) -> FloatArray:
        return velocity(y.reshape(start.shape)).ravel()

    method: Literal["LSODA", "DOP853"] = "LSODA" if flat.size <= LARGE else "DOP853"
    atol = np.broadcast_to(np.asarray(tolerance, dtype=np.float64), start.shape).ravel()
    path = solve_ivp(right_hand_side, (0.0, last), flat, method=method, rtol=RTOL, atol=atol, dense_output=True)
    if not path.success or path.sol is None:
        raise NotConvergedError("flow", best=path.y[:, -1], residual=1 - path.t[-1] / last)
    states = np.asarray(path.sol(times.ravel()))
    states[:, times.ravel() == 0] = flat[:, None]
    return np.ascontiguousarray(states.T).reshape(times.shape + start.shape)


def passage_time(velocity: Callable[[float], float], rest: Callable[[float], float], start: float, end: float) -> float:
    """First time at which a flow of one unknown is at ``end``; inf if it comes to rest before.

    It rests where its speed towards ``end`` is below ``rest``, what rounding leaves of it.
    """
    from scipy.integrate import solve_ivp

    sign = np.sign(end - start)

    def arrival(t: float, m: FloatArray) -> float:
        return float(m[0]) - end

    def moving(t: float, m: FloatArray) -> float:
        return float(sign * velocity(m[0]) - rest(m[0]))

    if moving(0.0, np.array([start])) <= 0:
        return np.inf
    for event in (arrival, moving):
        event.terminal = True  # type: ignore[attr-defined]
    path = solve_ivp(
        lambda t, m: np.array([velocity(m[0])]), (0.0, FOREVER), [start], method="LSODA", rtol=RTOL,
        atol=1e-11 * max(abs(start), 1e-9), events=(arrival, moving), dense_output=True,
    )  # fmt: skip
    if not path.success or path.t_events is None:
        raise NotConvergedError("passage time", best=path.t[-1], residual=abs(path.y[0, -1] - end))
    return float(path.t_events[0][0]) if path.t_events[0].size else np.inf


def time_axis(times: npt.ArrayLike) -> FloatArray:
    """Times of a path, checked."""
    return numbers("times", times, at_least=0, hint="a flow starts at time 0")
