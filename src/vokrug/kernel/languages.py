"""Russian and English from the first day; another language is one more field of a `Text`."""

from dataclasses import dataclass

LANGUAGES = ("ru", "en")


@dataclass(frozen=True)
class Text:
    """One sentence in every language we speak. `{name}` stands for a fact filled in later."""

    en: str
    ru: str

    def say(self, language: str, **facts: object) -> str:
        template = self.ru if language == "ru" else self.en
        return template.format(**facts) if facts else template


def pick_language(accept_language: str | None, default: str = "ru") -> str:
    """The first language of an Accept-Language header that we speak."""
    for part in (accept_language or "").split(","):
        tag = part.split(";")[0].strip().lower()[:2]
        if tag in LANGUAGES:
            return tag
    return default
