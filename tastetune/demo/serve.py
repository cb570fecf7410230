"""The page on this machine alone: its port, and what a browser may fetch."""

import socket
from importlib.util import find_spec

from tastetune.errors import InputError

HOST = "127.0.0.1"

POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; object-src 'none'"
)
"""What a browser may fetch: only what this machine serves. Gradio writes scripts and styles into its page."""


def refuse_without_gradio() -> None:
    """Raise InputError, with the command that installs it, where Gradio is missing."""
    if find_spec("gradio") is None:
        raise InputError("the page needs gradio, which is not installed; run pip install 'tastetune[demo]'")


def refuse_used_port(port: int, host: str = HOST) -> None:
    """Raise InputError where another program listens on `port` of this machine, or it may not be taken."""
    if not 1 <= port <= 65535:
        raise InputError(f"--port {port}: expected a number from 1 to 65535, such as 7860")
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((host, port))
        except OSError as error:
            raise InputError(
                f"--port {port}: cannot be had at {host} ({error.strerror}); name another, or end what has it"
            ) from error


def serve(models, port: int, host: str = HOST) -> None:
    """Show the page of `tastetune.demo.models.Models` until it is interrupted."""
    from starlette.middleware import Middleware

    from tastetune.demo.page import make_page, theme
    from tastetune.demo.view import STYLE

    page = make_page(models, is_here=host == HOST)
    policy = [Middleware(_Policy)] if host == HOST else []
    page.queue(default_concurrency_limit=1).launch(
        server_name=host,
        server_port=port,
        share=False,
        inbrowser=False,
        ssr_mode=False,
        quiet=True,
        theme=theme(),
        css=STYLE,
        footer_links=[],
        app_kwargs={"middleware": policy},
        prevent_thread_lock=True,
    )
    print(f"The page is at http://{host}:{port}; end it with Ctrl-C.", flush=True)
    page.block_thread()


class _Policy:
    """Adds `POLICY` to every response."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        async def with_policy(message):
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"content-security-policy", POLICY.encode())]
            await send(message)

        await self.app(scope, receive, with_policy if scope["type"] == "http" else send)
