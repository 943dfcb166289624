"""The sandbox trust: a certification authority for trying things out, with revocation, time-stamps and a remote signer.

Nothing outside a sandbox may be told to trust its root.
"""
