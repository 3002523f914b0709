"""What the columns of an unknown table mean, and which of them must not be looked at."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# Roles in the order in which a table is searched for them, with the names they go by, squeezed to letters.
NAMES: Mapping[str, tuple[str, ...]] = {
    "given": ("givenname", "firstname", "forename", "given", "called", "name1", "имя"),
    "surname": ("surname", "lastname", "familyname", "family", "secondname", "фамилия"),
    "middle": ("middlename", "patronymic", "middle", "отчество"),
    "maiden": ("maidenname", "maiden", "birthname", "formersurname", "девичьяфамилия", "прежняяфамилия"),
    "birthday": ("dateofbirth", "dob", "birthdate", "birthday", "born", "датарождения", "др"),
    "phone": ("phone", "phonenumber", "mobile", "telephone", "tel", "msisdn", "телефон"),
    "email": ("email", "mail", "emailaddress", "почта", "электроннаяпочта", "эпочта"),
    "house": ("streetnumber", "housenumber", "house", "дом"),
    "street": ("address1", "address", "street", "streetname", "addr", "улица", "адрес"),
    "place": ("address2", "locality", "район"),
    "city": ("suburb", "city", "town", "город", "населенныйпункт"),
    "postcode": ("postcode", "postcodefake", "zip", "zipcode", "postalcode", "индекс", "почтовыйиндекс"),
    "state": ("state", "region", "province", "county", "область", "регион"),
    "birth_place": ("birthplace", "placeofbirth", "месторождения"),
    "occupation": ("occupation", "profession", "job", "профессия", "должность"),
    "gender": ("gender", "sex", "пол"),
    "full_name": ("fullname", "fio", "name", "фио", "firstandsurname"),
}
# Numbers of records and of people: they decide a match by themselves, or give a test's answer away.
GIVEAWAY = re.compile(
    r"(^|_)(id|ids|uid|uuid|guid|key|rec|record|recid|cluster|entity|truth|label|labels|person|customer|match|group|"
    r"ssn|snils|inn|passport|soc_sec\w*|social_security\w*|national_\w+|tax\w*|index|idx|row|rownum)($|_)|^unnamed|^$"
)
MANY_ROLES = frozenset({"given", "surname"})  # a full name only repeats them


@dataclass(frozen=True)
class Column:
    """A column of the table: what it is called there, and what it holds."""

    name: str
    role: str


@dataclass(frozen=True)
class Chosen:
    """What is compared, and what is left out with the reason."""

    columns: tuple[Column, ...]
    left_out: Mapping[str, str]

    @property
    def roles(self) -> tuple[str, ...]:
        return tuple(column.role for column in self.columns)


@dataclass(frozen=True)
class Content:
    """What a column holds: rows with a value, different values, rows in all."""

    filled: int
    different: int
    rows: int


def choose(contents: Mapping[str, Content], *, truth: str | None = None, ignore: Iterable[str] = ()) -> Chosen:
    """Which column means what. A name we know decides; another text is compared as a text if its values repeat."""
    columns, left_out, taken = list[Column](), dict[str, str](), set[str]()
    ignored = set(ignore)
    names = {re.sub(r"[^a-zа-яё0-9]", "", name.lower()).replace("ё", "е"): name for name in reversed(list(contents))}
    known = {names[word]: role for role, words in NAMES.items() for word in reversed(words) if word in names}
    for name, content in contents.items():
        role = known.get(name)
        if name == truth:
            left_out[name] = "it is the truth to be scored by"
        elif name in ignored:
            left_out[name] = "it was to be ignored"
        elif not content.filled:
            left_out[name] = "it is empty"
        elif role is not None and role not in taken:
            taken.add(role)
            columns.append(Column(name, role))
        elif role is not None:
            left_out[name] = f"{role} is known from another column"
        elif GIVEAWAY.search(re.sub(r"[^a-z0-9]+", "_", name.lower())):
            left_out[name] = "a number of a record or a person gives the answer away"
        elif content.different <= 1 or content.different > content.filled / 2:
            left_out[name] = (
                "its values tell nobody from another" if content.different <= 1 else "its values are unique"
            )
        else:
            columns.append(Column(name, f"other_{len(columns)}"))
    if taken >= MANY_ROLES:
        for column in [column for column in columns if column.role == "full_name"]:
            columns.remove(column)
            left_out[column.name] = "it repeats the given name and the surname"
    return Chosen(tuple(columns), left_out)
