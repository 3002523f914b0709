"""Short forms of given names, Russian and English, as one would write them; each with the name it stands for."""

import duckdb

from vokrug.customers.matching import cleaning

FULL_NAMES = "matching_full_names"

RUSSIAN = """
Александр: Саша Шура Саня Алекс Сашка; Александра: Саша Шура Аля Саня; Алексей: Алёша Лёша Лёха
Анастасия: Настя Ася Стася; Анатолий: Толя; Андрей: Андрюша; Анна: Аня Нюра Анюта Нюша; Антон: Антоша Тоша
Антонина: Тоня; Борис: Боря; Вадим: Вадик Дима; Валентин: Валя; Валентина: Валя; Валерий: Валера; Валерия: Лера
Варвара: Варя; Василий: Вася; Вера: Верочка; Виктор: Витя; Виктория: Вика; Виталий: Виталик; Владимир: Вова Володя
Владислав: Влад Слава; Вячеслав: Слава; Галина: Галя; Геннадий: Гена; Георгий: Гоша Жора Юра; Григорий: Гриша
Дарья: Даша; Денис: Дениска; Дмитрий: Дима Митя; Евгений: Женя; Евгения: Женя; Екатерина: Катя Катерина
Елена: Лена Алёна; Елизавета: Лиза; Жанна: Жанночка; Зинаида: Зина; Иван: Ваня; Игорь: Игорёк; Илья: Илюша
Инна: Инночка; Ирина: Ира; Кирилл: Кирюша; Константин: Костя; Кристина: Кристя; Ксения: Ксюша Оксана; Лариса: Лара
Леонид: Лёня; Любовь: Люба; Людмила: Люда Мила; Маргарита: Рита Марго; Мария: Маша Маня Маруся; Марина: Мариша
Максим: Макс; Михаил: Миша; Надежда: Надя; Наталья: Наташа Наталия Ната; Никита: Никитка; Николай: Коля
Нина: Ниночка; Олег: Олежка; Ольга: Оля; Павел: Паша; Пётр: Петя; Полина: Поля; Раиса: Рая; Роман: Рома
Светлана: Света; Семён: Сёма; Сергей: Серёжа Серёга; Софья: Соня София; Станислав: Стас Слава; Степан: Стёпа
Тамара: Тома; Татьяна: Таня; Тимофей: Тима Тимоша; Фёдор: Федя; Эдуард: Эдик; Юлия: Юля; Юрий: Юра; Яков: Яша
Ярослав: Слава Ярик
"""
ENGLISH = """
Abigail: Abby Gail; Abraham: Abe; Albert: Al Bert Bertie; Alexander: Alex Alec Sandy Alick; Alfred: Fred Alf Alfie
Alice: Allie; Andrew: Andy Drew; Ann: Annie Nan Nancy Anne Anna; Anthony: Tony; Archibald: Archie; Arthur: Art Artie
Augustus: Gus; Barbara: Babs Barb; Benjamin: Ben Benny Benji; Bernard: Bernie; Caroline: Carrie Caro Lina
Catherine: Cathy Kate Katie Kitty Kath; Charles: Charlie Chas Chuck; Charlotte: Lottie Charley
Christina: Chris Tina Chrissie; Christopher: Chris Kit; Daniel: Dan Danny; David: Dave Davy; Deborah: Debbie Deb
Dorothy: Dolly Dot Dora Dottie; Edmund: Ned Ted Eddie; Edward: Ed Eddie Eddy Ned Ted Teddy; Edwin: Ed Eddie
Eleanor: Nell Nellie Nora Ellie; Elizabeth: Liz Lizzie Beth Betty Bess Eliza Betsy Libby Lisa; Emily: Em Emmy
Emma: Em; Ernest: Ernie; Eugene: Gene; Florence: Flo Florrie Flora; Frances: Fanny Fran Frankie; Francis: Frank Fran
Frederick: Fred Freddie Freddy; Gabriel: Gabe; George: Georgie; Gerald: Gerry Jerry; Gertrude: Gertie Trudy
Gilbert: Gil Bert; Grace: Gracie; Gregory: Greg; Harold: Harry Hal; Harriet: Hattie Harrie; Helen: Nell Nellie Lena
Henry: Harry Hal Hank; Herbert: Bert; Horace: Horry; Hugh: Hughie; Isaac: Ike; Isabella: Bella Belle Izzy Isabel
Jacob: Jake; James: Jim Jimmy Jamie Jem; Jane: Janie Jenny; Jean: Jeannie; Jennifer: Jen Jenny; Jeremiah: Jerry
Jessica: Jess Jessie; Joan: Joanie; John: Jack Johnny Jock Ian; Jonathan: Jon Jonny; Joseph: Joe Joey Jo
Josephine: Jo Josie; Joshua: Josh; Judith: Judy; Julia: Julie; Katherine: Kate Katie Kathy Kay; Kenneth: Ken Kenny
Laurence: Larry Laurie Lawrence; Leonard: Len Leo Lenny; Leopold: Leo; Lewis: Lew Louis; Louisa: Lou Louise
Lucy: Lu; Madeline: Maddie; Margaret: Maggie Meg Peggy Madge Marge Daisy Rita Greta May Marguerite; Maria: Mia
Marjorie: Marge; Martha: Mattie Patty; Mary: Molly Polly May Mamie Marie; Matilda: Tilly Mattie; Matthew: Matt
Maurice: Morrie; Maximilian: Max; Michael: Mike Mick Mickey; Mildred: Millie; Nathaniel: Nat Nathan
Nicholas: Nick Nicky; Oliver: Ollie; Oscar: Ossie; Pamela: Pam; Patricia: Pat Patsy Trish; Patrick: Pat Paddy
Peter: Pete; Philip: Phil Pip; Rachel: Rae; Ralph: Rafe; Randolph: Randy; Raymond: Ray; Rebecca: Becky
Reginald: Reg Reggie; Richard: Dick Rick Richie Rich Ricky; Robert: Bob Bobby Rob Robbie Bert Robin; Rodney: Rod
Roger: Rodge; Ronald: Ron Ronnie; Rosemary: Rose Rosie; Rudolph: Rudy; Samuel: Sam Sammy; Sarah: Sally Sadie
Sebastian: Seb; Sidney: Sid; Simon: Si; Solomon: Sol; Sophia: Sophie; Stanley: Stan; Stephen: Steve Steven
Susan: Sue Susie Susanna; Sylvester: Syl; Terence: Terry; Theodore: Ted Theo Teddy; Theresa: Tess Terry
Thomas: Tom Tommy; Timothy: Tim; Victor: Vic; Victoria: Vicky Tori; Vincent: Vince Vinny; Virginia: Ginny
Walter: Walt Wally Wat; Wilfred: Wilf Fred; William: Bill Billy Will Willie Liam; Winifred: Winnie Freda
Zachary: Zach
"""


def short_forms() -> list[tuple[str, str]]:
    """Each short form with each name that it stands for."""
    entries = (entry.strip().partition(":") for entry in f"{RUSSIAN};{ENGLISH}".replace("\n", ";").split(";"))
    return [(short, full.strip()) for full, _, shorts in entries for short in shorts.split()]


def load(connection: duckdb.DuckDBPyConnection) -> None:
    """A table of short forms, all as `cleaning.name` writes them."""
    rows = ", ".join(f"('{short}', '{full}')" for short, full in short_forms())
    shown = f"select {cleaning.name('short')} as short, {cleaning.name('full_name')} as full_name"
    connection.execute(
        f"create table {FULL_NAMES} as select short, list(distinct full_name) as full_names from "  # noqa: S608
        f"({shown} from (values {rows}) as written (short, full_name)) group by short"
    )
