"""Arguments and settings: what an author declares, as a schema, and checks."""
import inspect
import json
import re
import typing


class Arg:
    """A tool's argument or a setting: its type, what it means, what is allowed."""

    _types = {str: "string", int: "integer", float: "number", bool: "boolean"}

    def __init__(self, type, desc="", *, min=None, max=None, enum=None, pattern=None, secret=False):
        if typing.get_origin(type) is typing.Literal:
            type, enum = str, list(typing.get_args(type))
        self.type, self.desc, self.min, self.max = type, desc, min, max
        self.enum, self.pattern, self.secret = enum, pattern, secret

    @classmethod
    def of(cls, annotation):
        if isinstance(annotation, cls):
            return annotation
        return cls(str if annotation is inspect.Parameter.empty else annotation)

    def schema(self):
        if typing.get_origin(self.type) is list:
            (item,) = typing.get_args(self.type)
            s = {"type": "array", "items": {"type": self._types[item]}}
            bounds = ("minItems", "maxItems")
        else:
            s = {"type": self._types[self.type]}
            bounds = ("minLength", "maxLength") if self.type is str else ("minimum", "maximum")
        for key, value in (("description", self.desc), ("enum", self.enum), ("pattern", self.pattern),
                           (bounds[0], self.min), (bounds[1], self.max), ("writeOnly", self.secret)):
            if value is not None and value != "" and value is not False:
                s[key] = value
        return s


def object_schema(members):
    """The JSON Schema of an object with these members: {name: (Arg, default)}."""
    props, required = {}, []
    for name, (arg, default) in members.items():
        props[name] = arg.schema()
        if default is inspect.Parameter.empty:
            required.append(name)
        elif default is not None:
            props[name]["default"] = default
    return {"type": "object", "properties": props, "required": required, "additionalProperties": False}


def _isa(kind, v):
    if kind == "number":
        return isinstance(v, (int, float)) and not isinstance(v, bool)
    if kind == "integer":
        return isinstance(v, (int, float)) and not isinstance(v, bool) and v == int(v)
    return isinstance(v, {"string": str, "boolean": bool, "array": list, "object": dict}[kind])


def check(schema, values):
    """Yields (JSON pointer, sentence) for each thing that is wrong."""
    for name in values:
        if name not in schema["properties"]:
            yield "/" + name, "is unknown, expected one of " + ", ".join(sorted(schema["properties"]))
    for name in schema["required"]:
        if name not in values:
            yield "/" + name, "is missing"
    for name, s in schema["properties"].items():
        if name in values:
            wrong = _wrong(s, values[name])
            if wrong:
                yield "/" + name, wrong


def _wrong(s, v):
    if not _isa(s["type"], v):
        return "expected %s, got %s" % (s["type"], json.dumps(v)[:80])
    size = len(v) if s["type"] in ("string", "array") else v
    low = s.get("minimum", s.get("minLength", s.get("minItems")))
    high = s.get("maximum", s.get("maxLength", s.get("maxItems")))
    if s["type"] != "boolean" and (low is not None and size < low or high is not None and size > high):
        return "expected %s to %s, got %s" % (low, high, size)
    if "enum" in s and v not in s["enum"]:
        return "expected one of %s" % ", ".join(map(str, s["enum"]))
    if "pattern" in s and not re.search(s["pattern"], v):
        return "expected to match %s" % s["pattern"]
    if s["type"] == "array" and not all(_isa(s["items"]["type"], item) for item in v):
        return "expected a list of %s" % s["items"]["type"]
    return None
