"""Converts lengths, weights and temperatures: a Jarvis plugin in Python."""
from typing import Literal

from jarvis_plugin import Arg, Fail, Plugin

# What each unit is called, and how it becomes its kind's first one: times a, plus b.
UNITS = {
    "metres": ("length", 1, 0, "mètres"), "kilometres": ("length", 1000, 0, "kilomètres"),
    "miles": ("length", 1609.344, 0, "miles"), "feet": ("length", 0.3048, 0, "pieds"),
    "kilograms": ("weight", 1, 0, "kilos"), "grams": ("weight", 0.001, 0, "grammes"), "pounds": ("weight", 0.45359237, 0, "livres"),
    "celsius": ("heat", 1, 0, "degrés celsius"), "fahrenheit": ("heat", 5 / 9, -160 / 9, "degrés fahrenheit"),
}
Unit = Literal[tuple(UNITS)]

p = Plugin("units", "1.0.0", "Converts lengths, weights and temperatures", languages=["fr", "en"])
p.texts("fr", done="{n} {a}, c'est {m} {b}.", apart="Je ne peux pas changer des {a} en {b}.", into="En quoi ?")
p.texts("en", done="{n} {a} is {m} {b}.", apart="I can't turn {a} into {b}.", into="Into what?")
p.vocabulary("fr", unit={u[3]: name for name, u in UNITS.items()})
p.vocabulary("en", unit={**{name: name for name in UNITS}, "meters": "metres", "kilometers": "kilometres"})


@p.tool("Convert an amount from one unit into another", read_only=True,
        say={"fr": ["(convertis|combien font) {amount} {unit:source} en {unit:target}", "convertis {amount} {unit:source}"],
             "en": ["(convert|what is|how much is) {amount} {unit:source} (to|into|in) {unit:target}", "convert {amount} {unit:source}"]},
        examples={"fr": {"convertis 10 kilomètres en miles": {"amount": 10, "source": "kilometres", "target": "miles"}},
                  "en": {"what is twenty celsius in fahrenheit?": {"amount": 20, "source": "celsius", "target": "fahrenheit"}}})
def convert(call, amount: Arg(int, "How much", min=0, max=1000000), source: Arg(Unit, "The unit it is in"),
            target: Arg(Unit, "The unit to turn it into") = None):
    kind, times, plus, _ = UNITS[source]
    if target is None:
        target = call.choose(call.t("into"), {u: own(call, u) for u in UNITS if UNITS[u][0] == kind and u != source})
    other, divide, minus, _ = UNITS[target]
    names = {"a": own(call, source), "b": own(call, target)}
    if kind != other:
        raise Fail("invalid", call.t("apart", **names))
    return call.t("done", n=amount, m="%.4g" % ((amount * times + plus - minus) / divide), **names)


def own(call, unit):
    """The unit's name in the language of the call."""
    return UNITS[unit][3] if call.locale == "fr" else unit


if __name__ == "__main__":
    p.serve()
