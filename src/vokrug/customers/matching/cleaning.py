"""The forms in which values are compared, as DuckDB's SQL.

Russian letters become Latin ones, ё as е, so that one person written in both alphabets meets themself. A *fold* goes
further: letters that transliterations disagree about become one. A *root* takes the gender from a name.
"""

from vokrug.customers.matching.nicknames import FULL_NAMES

PAIRS = (("щ", "shch"), ("ж", "zh"), ("х", "kh"), ("ц", "ts"), ("ч", "ch"), ("ш", "sh"), ("ю", "yu"), ("я", "ya"))
SINGLE = ("абвгдеёзийклмнопрстуфыэ", "abvgdeeziyklmnoprstufye")
FOLDS = (
    ("shch", "sh"),
    ("sch", "sh"),
    ("tch", "ch"),
    ("dzh", "j"),
    ("zh", "j"),
    ("kh", "h"),
    ("ph", "f"),
    ("ck", "k"),
    ("ks", "x"),
    ("ts", "c"),
    ("tz", "c"),
    ("w", "v"),
    ("yu", "u"),
    ("iu", "u"),
    ("ju", "u"),
    ("ya", "a"),
    ("ia", "a"),
    ("ja", "a"),
    ("ye", "e"),
    ("yo", "e"),
    ("io", "e"),
    ("jo", "e"),
    ("y", "i"),
    ("j", "i"),
)

DOUBLED = "bdfgiklmnprstz"


def latin(text: str) -> str:
    """Lower case, no accents, Russian letters as Latin ones (GOST 7.79 without diacritics, ё as е, no signs)."""
    text = f"lower({text})"
    for letter, letters in PAIRS:
        text = f"replace({text}, '{letter}', '{letters}')"
    text = f"translate(replace(replace({text}, 'ъ', ''), 'ь', ''), '{SINGLE[0]}', '{SINGLE[1]}')"
    return f"strip_accents({text})"


def words(text: str) -> str:
    return f"nullif(trim(regexp_replace(regexp_replace({latin(text)}, '[^a-z0-9 ]+', ' ', 'g'), ' +', ' ', 'g')), '')"


def name(text: str) -> str:
    """A name without blanks and hyphens: Anna-Maria and Anna Maria are one."""
    return f"nullif(regexp_replace({latin(text)}, '[^a-z]+', '', 'g'), '')"


def code(text: str) -> str:
    return f"nullif(regexp_replace({latin(text)}, '[^a-z0-9]+', '', 'g'), '')"


def day(text: str) -> str:
    """Digits, year first: 19840131. A day written last to first, or with points, is turned round."""
    turned = r"'^\s*(\d{1,2})[./ -](\d{1,2})[./ -](\d{4}).*$'"
    return f"""nullif(case when regexp_matches({text}, {turned}) then
        regexp_extract({text}, {turned}, 3) || lpad(regexp_extract({text}, {turned}, 2), 2, '0')
        || lpad(regexp_extract({text}, {turned}, 1), 2, '0')
        else left(regexp_replace({text}, '[^0-9]', '', 'g'), 8) end, '')"""


def phone(text: str) -> str:
    """The last ten digits: +7, 8 and nothing before them are one number."""
    return f"nullif(right(regexp_replace({text}, '[^0-9]', '', 'g'), 10), '')"


def email(text: str) -> str:
    return f"nullif(lower(trim({text})), '')"


def fold(text: str) -> str:
    """Of a name as `name` gives it."""
    for letters, letter in FOLDS:
        text = f"replace({text}, '{letters}', '{letter}')"
    for letter in DOUBLED:
        text = f"replace({text}, '{letter}{letter}', '{letter}')"
    return text


def surname_root(text: str) -> str:
    """Ivanov of Ivanova, Dostoevsk of Dostoevskaya and Dostoevskiy."""
    for ending, kept in (("ova", "ov"), ("eva", "ev"), ("ina", "in"), ("yna", "yn")):
        text = f"regexp_replace({text}, '{ending}$', '{kept}')"
    return f"regexp_replace({text}, '(sk|tsk|zk)(aya|aia|aja|iy|ij|ii|i|y|oy|oi)$', '\\1')"


def patronymic_root(text: str) -> str:
    """Ivan of Ivanovich and Ivanovna, Ily of Ilyich and Ilyinichna."""
    return f"regexp_replace({text}, '(ovich|evich|yevich|ovna|evna|yevna|ichna|inichna|ich)$', '')"


def full_names(text: str) -> str:
    """The name itself and what it may be short for: Sasha is Aleksandr or Aleksandra, Ned is Edward or Edmund."""
    return f"case when {text} is null then null else list_append(coalesce({FULL_NAMES}.full_names, []), {text}) end"


FORMS = {
    "given": name,
    "surname": name,
    "middle": name,
    "maiden": name,
    "birthday": day,
    "phone": phone,
    "email": email,
    "postcode": code,
    "house": code,
}
EXTRA = {  # what else is kept of a role: suffix and form of what the first form gave
    "given": (("fold", fold),),
    "surname": (("fold", fold), ("root", surname_root)),
    "middle": (("fold", fold), ("root", patronymic_root)),
}


def form_of(role: str, column: str) -> str:
    return FORMS.get(role, words)(column)
