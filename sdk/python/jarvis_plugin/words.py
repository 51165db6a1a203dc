"""What the helper itself says to people: the sentences of the Go SDK."""
import re

OWN = {
    "fr": {
        "internal": "Désolé, quelque chose s'est mal passé de mon côté (référence {reference}).",
        "timeout": "Désolé, cela a pris trop de temps. Réessaie dans un instant.",
        "invalid_field": "Je n'ai pas pu utiliser cette demande : « {field} » ne convient pas.",
        "invalid": "Je n'ai pas pu utiliser cette demande.",
        "unknown_tool": "Je ne sais pas faire cela ({tool}).",
        "declined": "D'accord, je n'ai rien fait.",
        "unavailable": "Ce service ne répond pas pour le moment. Réessaie plus tard.",
        "forbidden": "Je n'ai pas le droit de faire cela.",
    },
    "en": {
        "internal": "Sorry, something went wrong on my side (reference {reference}).",
        "timeout": "Sorry, that took too long. Please try again in a moment.",
        "invalid_field": "I could not use this request: \"{field}\" does not fit.",
        "invalid": "I could not use this request.",
        "unknown_tool": "I don't know how to do that ({tool}).",
        "declined": "All right, I did nothing.",
        "unavailable": "This service does not answer right now. Please try again later.",
        "forbidden": "I am not allowed to do that.",
    },
}

# The sentence for an error that came without one.
BY_CODE = {"timeout": "timeout", "unavailable": "unavailable", "busy": "unavailable", "rate_limited": "unavailable",
           "forbidden": "forbidden", "invalid": "invalid"}


def fill(template, values):
    """Fills in what stands in braces; what has no value stays as it is."""
    return re.sub(r"\{(\w+)\}", lambda m: str(values.get(m[1], m[0])), template)
