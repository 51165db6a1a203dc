"""The plugin counter of plugintest_test.go, in Python."""
from jarvis_plugin import Arg, Plugin

p = Plugin("counter", "1.0.0", "Counts", languages=["fr", "en"]).needs("net", "api.example.org:443", "look up")
p.texts("fr", at="On en est à {n}.", **{"else": "On compte toujours."})
p.texts("en", at="We are at {n}.", **{"else": "Still counting."})
p.config(step=(Arg(int, "How far", min=1, max=9), 2))


@p.tool("Counts on", say={"fr": ["compte [depuis {start}]"], "en": ["count [from {start}]"]},
        examples={"fr": {"compte depuis douze": {"start": 12}}})
def count(call, start: Arg(int, "Where to begin", min=0, max=100) = None):
    call.state = ((start or 0) if call.state is None else call.state) + call.settings["step"]
    call.listen("heard", "text", 60)
    return call.t("at", n=call.state)


@p.tool("Hears what is said while counting")
def heard(call, text: Arg(str, "What is said")):
    if text == "fini":
        call.state = None
        return "Fini."
    call.not_mine(call.t("else") if text == "hm" else "")


@p.tool("Starts again", say={"fr": ["recommence"]})
def reset(call):
    if not call.confirm("Vraiment ?"):
        return "Non."
    call.state = None
    return "C'est fait."


@p.tool("Fetches")
def fetch(call):
    return call.http("https://api.example.org/v1/word").decode()


if __name__ == "__main__":
    p.serve()
