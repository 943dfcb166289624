"""Run as `python -m sandbox.issuer --port N --data DIR --client ID [--client ID …]`; it makes its keys at the start."""

from sandbox.issuer.server import issuer
from sandbox.store import arguments, serve


def main() -> None:
    parser = arguments("Sandbox issuer")
    parser.add_argument("--client", action="append", required=True, help="id of a client; may be given again")
    options = parser.parse_args()
    serve(issuer(options.data, f"http://{options.host}:{options.port}", options.client), options)


if __name__ == "__main__":
    main()
