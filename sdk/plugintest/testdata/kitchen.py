"""The plugin kitchen of services_test.go, in Python."""
import datetime
import socket

from jarvis_plugin import Arg, Plugin

p = Plugin("kitchen", "1.0.0", "Helps to cook", languages=["fr", "en"])
p.needs("kv", "", "keep the shopping list").needs("schedule", "", "timers").needs("notify", "", "tell when a timer ends")
p.needs("llm", "", "suggest").needs("memory", "read", "know tastes").needs("memory", "write", "learn tastes")
p.needs("secret", "token", "the shop").needs("session", "", "call to table")
p.needs("net", "market.example:70", "buy").needs("net", "market.example:80", "prices")
p.texts("fr", over="Minuteur {name} terminé !").texts("en", over="Timer {name} is over!")
fired = p.counter("timers_total", "Timers that ended.", "lang")


@p.on_schedule
def over(call, due):
    fired.inc(call.locale)
    call.notify(call.t("over", name=due.name), kind="timer", due=due.at)


@p.on_notice
def seen(call, notice):
    call.kv().set("seen", notice)


@p.tool("Starts a timer", additive=True, say={"fr": ["minuteur {name} de {minutes} minutes"]})
def timer(call, name: Arg(str, "Name"), minutes: Arg(int, "Minutes", min=1, max=90)):
    at = call.now() + datetime.timedelta(minutes=minutes)
    call.schedule(name, at=at)
    return at.strftime("%H:%M")


@p.tool("Adds to the list")
def buy(call, what: Arg(str, "What")):
    return ", ".join(call.kv().update("list", lambda there: there + [what], []))


@p.tool("Suggests a dish")
def suggest(call):
    return call.complete("A dish for someone who " + call.memories("likes")[0][1])


@p.tool("Orders")
def order(call):
    return "ordered with %d" % len(call.secret("token"))


@p.tool("Asks the market")
def market(call):
    with call.dial("market.example", 70) as line:
        line.sendall(b"leeks")
        line.shutdown(socket.SHUT_WR)
        told = b""
        while part := line.recv(100):
            told += part
    return told.decode() + ", " + call.http("http://market.example:80/price").decode()


@p.tool("Calls to table")
def ring(call, where: Arg(str, "Where") = ""):
    return call.say("À table !", session=where)[0]


if __name__ == "__main__":
    p.serve()
