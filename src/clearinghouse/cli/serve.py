"""`clearinghouse serve`: the pages, on this machine unless told otherwise."""

from __future__ import annotations

import contextlib
import ipaddress
import signal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clearinghouse.cli.output import put_line, say
from clearinghouse.core.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HOST, PORT = "127.0.0.1", 8400
LOCAL = "clearinghouse.local"  # what the pages look for in a request's environment
THREADS = 4
MAX_REQUEST_BYTES = 32 * 1024 * 1024  # above what a report may be; more is cut off before it is kept anywhere
_LAST_PORT = 65535

Host = Annotated[
    str, typer.Option("--host", help="The address to listen on; anything but loopback is read by the public.")
]
Port = Annotated[int, typer.Option("--port", min=0, max=_LAST_PORT, help="The port to listen on; 0 for any free one.")]


def serve(host: Host = HOST, port: Port = PORT) -> None:
    """Serve the pages until Ctrl-C or SIGTERM.

    On loopback, whoever opens a page here reads as the coordinator; on any other address, pages show what is public.
    Exit code: 69 when the address cannot be used.
    """
    from clearinghouse.bootstrap import wiring  # noqa: PLC0415

    wiring.ready()
    wiring.forget_old_sessions()
    with contextlib.closing(Server(host, port)) as server:
        announce(server)
        server.run()


def announce(server: Server) -> None:
    """The address to open, on stdout, and on whose behalf it is read, on stderr."""
    put_line(server.address)
    if server.local:
        say("listening on this machine only; whoever opens it here reads as the coordinator. Ctrl-C ends.")
    else:
        say("listening on a network: pages show what is public; set CLEARINGHOUSE_ALLOWED_HOSTS. Ctrl-C ends.")


class Server:
    """The pages on one socket, open until `close`. Raises Unavailable where the address cannot be used."""

    def __init__(self, host: str, port: int) -> None:
        from django.core.wsgi import get_wsgi_application  # noqa: PLC0415  # seconds of CPU that other commands never need
        from waitress import create_server  # noqa: PLC0415

        self.host = host
        self.local = is_loopback(host)
        application = marked(get_wsgi_application(), local=self.local)
        from clearinghouse.cli.channel import Channel  # noqa: PLC0415

        listening: dict[int, Any] = {}
        try:
            # Headers of proxies stay: a request that passed one is not its sender's, and the pages must see that.
            self._server: Any = create_server(
                application,
                map=listening,
                host=host,
                port=port,
                threads=THREADS,
                ident=None,
                clear_untrusted_proxy_headers=False,
                max_request_body_size=MAX_REQUEST_BYTES,
            )
        except OSError as error:
            raise Unavailable(
                f"cannot listen on {host} port {port}: {error.strerror or error}",
                advice="end the program that uses it, or choose another with --port",
            ) from None
        for one in listening.values():  # a name may have several addresses
            if hasattr(one, "channel_class"):
                one.channel_class = Channel

    def close(self) -> None:
        """Let go of the socket."""
        self._server.close()

    @property
    def address(self) -> str:
        """Where to open the pages."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        port = (
            getattr(self._server, "effective_port", None) or self._server.effective_listen[0][1]
        )  # a name may have several
        return f"http://{name}:{port}/"

    def run(self) -> None:
        """Answer until Ctrl-C or SIGTERM."""
        with _ends_on_sigterm():
            self._server.run()


def is_loopback(host: str) -> bool:
    """Whether an address to listen on can be reached from this machine only; no name but localhost is trusted."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def marked(application: Callable[..., Any], *, local: bool) -> Callable[..., Any]:
    """The application, told with each request whether the server listens on loopback only."""

    def with_mark(environment: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        environment[LOCAL] = local
        return application(environment, start_response)

    return with_mark


@contextlib.contextmanager
def _ends_on_sigterm() -> Iterator[None]:
    """Let SIGTERM end the server as Ctrl-C does."""

    def stop(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
