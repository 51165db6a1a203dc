"""The plugin lamp of revise_test.go, in Python."""
from jarvis_plugin import Arg, Fail, Plugin

p = Plugin("lamp", "1.0.0", "A lamp", languages=["en", "fr"]).needs("kv", "", "keep the level")
p.texts("en", back="Back at {n}.", touched="Somebody set it to {n}.")
p.texts("fr", back="De nouveau à {n}.", touched="Quelqu'un l'a mise à {n}.")


def read_back(call, level):
    n = call.kv("global").get("level", 0)
    return "verified" if n == level else ("failed", call.t("touched", n=n))


def take_back(call, data, level):
    n = call.kv("global").get("level", 0)
    if n != level:
        raise Fail("conflict", call.t("touched", n=n))
    call.kv("global").set("level", data["was"])
    return call.t("back", n=data["was"])


@p.tool("Sets the lamp", additive=True, verify=read_back, undo=take_back, say={"en": ["dim to {level}"]}, reply={"en": "It was {was}."})
def dim(call, level: Arg(int, "Brightness", min=0, max=100)):
    was = call.kv("global").get("level", 0)
    call.kv("global").set("level", min(level, 90))  # it is an old lamp
    return {"was": was}


if __name__ == "__main__":
    p.serve()
