"""Serve the page."""

from __future__ import annotations

import socket
import threading
import webbrowser
from pathlib import Path

PAGE = Path(__file__).with_name("page.py")


def serve(host: str = "127.0.0.1", port: int = 0, *, browser: bool = True) -> None:
    """Serve the page until interrupted.

    Parameters
    ----------
    host : str
        The address to listen on; 127.0.0.1 is reached from this machine only.
    port : int
        0 takes a free one.
    browser : bool
        Whether a browser is opened.

    Raises
    ------
    ImportError
        Without the extra ``explore``.
    """
    try:
        import marimo
        import uvicorn
    except ImportError as error:
        raise ImportError('the explorer needs the extra: pip install "riskcalc[explore]"') from error
    with socket.create_server((host, port)) as listener:  # who asks before the server is up has to wait, and no more
        address = f"http://{host}:{listener.getsockname()[1]}"
        print(f"the page is at {address} (Ctrl-C ends it)", flush=True)
        if browser:
            threading.Timer(1.0, webbrowser.open, [address]).start()
        pages = marimo.create_asgi_app(quiet=True, html_head='<meta name="viewport" content="width=device-width">')
        served = pages.with_app(path="", root=str(PAGE)).build()
        uvicorn.Server(uvicorn.Config(served, log_level="warning")).run(sockets=[listener])
