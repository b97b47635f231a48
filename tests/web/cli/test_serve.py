"""`valetkey serve` refuses before it serves."""

from __future__ import annotations

import socket

from tests.web.cli.test_config import run


def test_a_port_somebody_listens_on_is_refused() -> None:
    """The workers share theirs (SO_REUSEPORT), so the system would let a second service in."""
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        found = run("serve", "--port", port, VALETKEY_DEVELOPMENT="1")
    assert found.exit_code == 1 and f"127.0.0.1:{port} cannot be listened on" in found.stderr
