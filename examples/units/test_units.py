"""Tries the plugin without Jarvis: python3 -m unittest, with jarvis_plugin on the
PYTHONPATH (sdk/python) or beside this file."""
import runpy
import unittest

from jarvis_plugin.tester import Tester

p = runpy.run_path("__main__.py")["p"]


class Converting(unittest.TestCase):
    def test_units_of_one_kind_are_converted(self):
        for amount, source, target, want in (
                (10, "kilometres", "miles", "10 kilometres is 6.214 miles."),
                (20, "celsius", "fahrenheit", "20 celsius is 68 fahrenheit."),
                (0, "fahrenheit", "celsius", "0 fahrenheit is -17.78 celsius."),
        ):
            self.assertEqual(Tester(p).call("convert", "en", amount=amount, source=source, target=target).text, want)

    def test_others_are_refused_in_the_language_of_the_call(self):
        r = Tester(p).call("convert", "fr", amount=1, source="miles", target="grams")
        self.assertEqual((r.problem, r.text), ("invalid", "Je ne peux pas changer des miles en grammes."))

    def test_a_missing_unit_is_asked_for(self):
        r = Tester(p).call("convert", "en", amount=1, source="pounds")
        self.assertEqual(r.question, "Into what?")
        r = Tester(p).call("convert", "en", answers=["grams"], amount=1, source="pounds")
        self.assertEqual(r.text, "1 pounds is 453.6 grams.")


if __name__ == "__main__":
    unittest.main()
