"""Write a Jarvis plugin in Python: no code generation, nothing to install but
grpcio, protobuf and cryptography (Debian: python3-grpcio, python3-protobuf,
python3-cryptography).

    from jarvis_plugin import Arg, Plugin

    p = Plugin("dice", "1.0.0", "Rolls dice", languages=["fr", "en"])

    @p.tool("Roll dice", read_only=True, say={"fr": ["lance {n} dés"], "en": ["roll {n} dice"]})
    def roll(call, n: Arg(int, "How many", min=1, max=10) = 2):
        return {"fr": "Voilà.", "en": "There."}[call.locale]

    if __name__ == "__main__":
        p.serve()

Tools run in threads of their own, several at once. A call that is cancelled,
or whose deadline passes, ends at its next line of Python.

contract.binpb is the contract, jarvis.plugin.v1 and jarvis.host.v1, as
protobuf's own description of it. Tests use jarvis_plugin.tester.
"""
from .arguments import Arg
from .call import Call
from .contract import Declined, Fail
from .plugin import VERSION, Plugin

__all__ = ["Arg", "Call", "Declined", "Fail", "Plugin", "VERSION"]
