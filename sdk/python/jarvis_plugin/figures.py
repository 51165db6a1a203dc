"""A plugin's own figures, for operators."""
import re
import threading

MAX_SERIES = 100  # values that all figures of a plugin may have together
NAME = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")


class Figure:
    """A metric: jarvis_plugin_<id>_<name> in the host's, with the label plugin."""

    def __init__(self, name, help, counter, labels):
        for word in (name, *labels):
            if not NAME.match(word) or word == "plugin":
                raise ValueError("figure %s: %r: expected a lower-case letter, then at most 63 of a-z, 0-9 and _" % (name, word))
        self.name, self.help, self.counter, self.labels = name, help, counter, labels
        self._values, self._lock = {}, threading.Lock()

    def add(self, n, *values):
        """Adds to the value for these label values; a counter never falls."""
        if not (self.counter and n < 0):
            self._change(values, lambda old: old + n)

    def inc(self, *values):
        """Adds one."""
        self.add(1, *values)

    def set(self, n, *values):
        """Replaces the value of a gauge."""
        if not self.counter:
            self._change(values, lambda _: n)

    def _change(self, values, change):
        if len(values) != len(self.labels):
            raise ValueError("figure %s: expected %d label values, got %d" % (self.name, len(self.labels), len(values)))
        with self._lock:
            if values in self._values or len(self._values) < MAX_SERIES:
                self._values[values] = change(self._values.get(values, 0))

    def write(self, metric):
        """Fills in a Metric."""
        metric.name, metric.help, metric.counter = self.name, self.help, self.counter
        with self._lock:
            for values, n in sorted(self._values.items()):
                metric.samples.add(labels=dict(zip(self.labels, map(str, values))), value=n)
