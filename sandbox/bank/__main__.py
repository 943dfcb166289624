"""Run the sandbox bank: `python -m sandbox.bank --port N --data DIR [--pay-after SECONDS] [--callbacks URL]`."""

from sandbox.bank.server import bank
from sandbox.store import arguments, serve


def main() -> None:
    parser = arguments("Sandbox bank")
    parser.add_argument("--pay-after", type=float, default=0.3, help="seconds until a payer who pays by itself pays")
    parser.add_argument("--callbacks", default="", help="address under which each wire has its own: URL/vnpay …")
    parser.add_argument("--retry-after", type=float, default=300, help="seconds until an unheard callback is repeated")
    options = parser.parse_args()
    app = bank(options.data, options.pay_after, options.callbacks.rstrip("/"), options.retry_after)
    serve(app, options)


if __name__ == "__main__":
    main()
