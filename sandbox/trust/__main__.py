"""Run as `python -m sandbox.trust --port N --data DIR [--slow-after SECONDS]`; it makes its keys at the first start."""

from cryptography import x509

from sandbox.store import arguments, serve
from sandbox.trust.people import SubjectStyle
from sandbox.trust.server import trust


def main() -> None:
    style = SubjectStyle()
    parser = arguments("Sandbox trust")
    parser.add_argument("--slow-after", type=float, default=30.0, help="seconds that who is slow takes")
    parser.add_argument("--attribute", default=style.attribute.dotted_string, help="OID of the subject's number")
    parser.add_argument("--person", default=style.person, help="what stands before a person's number")
    parser.add_argument("--organisation", default=style.organisation, help="what stands before an organisation's")
    options = parser.parse_args()
    style = SubjectStyle(x509.ObjectIdentifier(options.attribute), options.person, options.organisation)
    serve(trust(options.data, f"http://{options.host}:{options.port}", options.slow_after, style), options)


if __name__ == "__main__":
    main()
