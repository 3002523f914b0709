"""What this domain declines, by name. Facts never carry a value: refusals are logged."""

from vokrug.kernel import Refusal, Retry, Text


class CustomerUnknown(Refusal):
    """There is no such customer, or there is no more."""

    code, status = "customer_unknown", 404
    cashier = Text(en="There is no such customer.", ru="Такого покупателя нет.")


class FullNameNotWanted(Refusal):
    """Somebody typed a full name where we only ask how to call the customer."""

    code, status = "full_name_not_wanted", 422
    cashier = Text(
        en="Don't enter the full name: ask how to call the customer, one word is enough.",
        ru="Не вводите ФИО: спросите, как обращаться к покупателю, достаточно одного слова.",
    )
    customer = Text(
        en="We don't need your full name. How shall we call you?",
        ru="Полное имя нам не нужно. Как к вам обращаться?",
    )


class CalledMalformed(Refusal):
    """The name to call a customer by is empty, too long or has something else than letters."""

    code, status = "called_malformed", 422
    cashier = Text(
        en="How to call the customer: letters only, at most {longest} of them.",
        ru="Как обращаться к покупателю: только буквы, не больше {longest}.",
    )


class LanguageUnknown(Refusal):
    """We don't speak this language yet."""

    code, status = "language_unknown", 422
    cashier = Text(en="This language is not available.", ru="Этот язык пока не поддерживается.")


class BirthdayImpossible(Refusal):
    """The calendar has no such day, or nobody alive was born on it."""

    code, status = "birthday_impossible", 422
    cashier = Text(en="Check the birthday: there is no such date.", ru="Проверьте день рождения: такой даты нет.")


class IdentifierMalformed(Refusal):
    """The value can't be an identifier of its type."""

    code, status = "identifier_malformed", 422
    cashier = Text(en="Check what was entered: {type}.", ru="Проверьте введённые данные: {type}.")


class PhoneMalformed(IdentifierMalformed):
    """This is not a phone number that a person can be reached by."""

    code = "phone_malformed"
    cashier = Text(
        en="Check the phone number: this is not a number a customer can have.",
        ru="Проверьте номер телефона: такого номера у покупателя быть не может.",
    )


class PhoneMissing(Refusal):
    """A newcomer brings a phone, or the number that another system knows them by."""

    code, status = "phone_missing", 422
    cashier = Text(en="Ask for the phone number.", ru="Спросите номер телефона.")


class IdentifierBlocked(Refusal):
    """The value is a well-known stopgap that stands for nobody."""

    code, status = "identifier_blocked", 422
    cashier = Text(
        en="This value is a stopgap, not a customer's own ({type}).",
        ru="Это значение-заглушка, а не данные покупателя ({type}).",
    )


class IdentifierTaken(Refusal):
    """The identifier belongs to another customer."""

    code, status = "identifier_taken", 409
    cashier = Text(
        en="This identifier ({type}) belongs to another customer.",
        ru="Этот идентификатор ({type}) принадлежит другому покупателю.",
    )
    customer = Text(en="It is already registered with us.", ru="Эти данные у нас уже зарегистрированы.")


class IdentifierProofNeeded(Refusal):
    """Another customer has the identifier: without proof it stays with them."""

    code, status, retry = "identifier_proof_needed", 409, Retry.LATER
    cashier = Text(
        en="Another customer has this ({type}). Send a code there first, and enter it.",
        ru="Это ({type}) записано за другим покупателем. Сначала отправьте туда код и введите его.",
    )
    customer = Text(en="Please confirm that it is yours.", ru="Подтвердите, что это ваше.")


class IdentifierImmutable(Refusal):
    """An identifier of this type is given once and for ever."""

    code, status = "identifier_immutable", 409
    cashier = Text(
        en="An identifier of this type ({type}) can't be changed or taken away.",
        ru="Идентификатор этого вида ({type}) нельзя сменить или убрать.",
    )


class TooManyIdentifiers(Refusal):
    """The customer holds as many identifiers of this type as a person may."""

    code, status, retry = "too_many_identifiers", 409, Retry.LATER
    cashier = Text(
        en="The customer already has {limit} of these ({type}). Take one away first.",
        ru="У покупателя уже есть {limit} таких ({type}). Сначала уберите один.",
    )


class TooManyNewIdentifiers(Refusal):
    """The customer has gained as many identifiers of this type lately as one may."""

    code, status, retry = "too_many_new_identifiers", 409, Retry.LATER
    cashier = Text(
        en="The customer got {limit} of these ({type}) within {days} days. Try again later.",
        ru="За {days} дн. покупателю добавлено {limit} таких ({type}). Попробуйте позже.",
    )


class IdentifierAside(Refusal):
    """Too many people came by this value: it is nobody's until somebody has looked at it."""

    code, status = "identifier_aside", 409
    cashier = Text(
        en="Too many customers gave this ({type}): it is being checked. Ask for the customer's own.",
        ru="Это ({type}) называло слишком много покупателей, идёт проверка. Спросите личные данные покупателя.",
    )
    customer = Text(en="Please give your own.", ru="Назовите, пожалуйста, свои данные.")


class IdentifierNotHeld(Refusal):
    """The customer never had this identifier."""

    code, status = "identifier_not_held", 404
    cashier = Text(en="The customer has no such identifier.", ru="У покупателя нет такого идентификатора.")


class IdentifierNotYours(Refusal):
    """This source may not add an identifier of this type, or not vouch for it that strongly."""

    code, status = "identifier_not_yours", 403
    cashier = Text(
        en="This identifier ({type}) can't be added from here.",
        ru="Отсюда такой идентификатор ({type}) добавить нельзя.",
    )


class IdentifierTypeUnknown(Refusal):
    """No identifier type has this code."""

    code, status = "identifier_type_unknown", 422
    cashier = Text(en="Unknown type of identifier.", ru="Неизвестный вид идентификатора.")


class IdentifierTypeMalformed(Refusal):
    """The definition of an identifier type contradicts itself or names an unknown normaliser."""

    code, status = "identifier_type_malformed", 422
    cashier = Text(en="Check the identifier type: {problem}.", ru="Проверьте вид идентификатора: {problem}.")


class IdentifierTypeInUse(Refusal):
    """How values are normalised and whether they are unique can't change once values are stored."""

    code, status = "identifier_type_in_use", 409
    cashier = Text(
        en="Customers already have such identifiers: the normaliser and uniqueness stay as they are.",
        ru="Такие идентификаторы уже есть у покупателей: нормализацию и уникальность менять нельзя.",
    )


class RequestIdReused(Refusal):
    """The request id was used before with other contents."""

    code, status = "request_id_reused", 409
    cashier = Text(
        en="A request with this id was already made with other data.",
        ru="Запрос с этим номером уже был, но с другими данными.",
    )


class CustomerIdTaken(Refusal):
    """The customer id offered with a registration is another customer's."""

    code, status = "customer_id_taken", 409
    cashier = Text(en="This customer id is taken.", ru="Этот идентификатор покупателя уже занят.")


class ConsentMalformed(Refusal):
    """A consent names its purpose and the version of the document, both short and plain."""

    code, status = "consent_malformed", 422
    cashier = Text(
        en="Check the consent's purpose and document version.",
        ru="Проверьте цель согласия и версию документа.",
    )


class EvidenceMalformed(Refusal):
    """Evidence, proof and provenance are small pieces of JSON."""

    code, status = "evidence_malformed", 422
    cashier = Text(en="The evidence is too large or damaged.", ru="Подтверждение слишком велико или испорчено.")


class AttributeUnknown(Refusal):
    """No attribute type has this code."""

    code, status = "attribute_unknown", 422
    cashier = Text(en="Unknown attribute: {code}.", ru="Неизвестное свойство: {code}.")


class AttributeMalformed(Refusal):
    """The value doesn't fit the attribute's schema."""

    code, status = "attribute_malformed", 422
    cashier = Text(en="The value of {code} doesn't fit.", ru="Значение свойства {code} не подходит.")


class AttributeTypeMalformed(Refusal):
    """The definition of an attribute has a bad code or a bad JSON Schema."""

    code, status = "attribute_type_malformed", 422
    cashier = Text(en="Check the attribute's code and schema.", ru="Проверьте код и схему свойства.")


class ObservedInFuture(Refusal):
    """The observation is dated later than now, and would shut out every honest one until then."""

    code, status = "observed_in_future", 422
    cashier = Text(en="Check the clock: the date lies ahead.", ru="Проверьте часы: дата ещё не наступила.")


class MergeOfOneself(Refusal):
    """A customer can't be merged with themselves."""

    code, status = "merge_of_oneself", 422
    cashier = Text(en="Choose two different customers.", ru="Выберите двух разных покупателей.")


class CustomersApart(Refusal):
    """Somebody decided that these two are never one person."""

    code, status = "customers_apart", 409
    cashier = Text(
        en="These customers must not be merged: it was decided that they are different people.",
        ru="Этих покупателей нельзя объединять: решено, что это разные люди.",
    )


class CustomersAreOne(Refusal):
    """These two are one person by now: take them apart first."""

    code, status = "customers_are_one", 409
    cashier = Text(
        en="These customers are merged. Undo the merge first.",
        ru="Эти покупатели объединены. Сначала отмените объединение.",
    )


class MergeOverLimit(Refusal):
    """Together they would hold more identifiers of a type than one person may."""

    code, status = "merge_over_limit", 409
    cashier = Text(
        en="Together they would have more of these than one person may ({type}, at most {limit}).",
        ru="Вместе у них будет больше, чем может быть у одного человека ({type}, не больше {limit}).",
    )


class MergeUnknown(Refusal):
    """There is no such merge."""

    code, status = "merge_unknown", 404
    cashier = Text(en="There is no such merge.", ru="Такого объединения нет.")


class RuleMalformed(Refusal):
    """A rule is named by small Latin letters, digits, dots, dashes and underscores."""

    code, status = "rule_malformed", 422
    cashier = Text(en="Check the rule's name.", ru="Проверьте имя правила.")


class ProposalUnknown(Refusal):
    """There is no such proposal."""

    code, status = "proposal_unknown", 404
    cashier = Text(en="There is no such proposal.", ru="Такого предложения нет.")


class ProposalDecided(Refusal):
    """Somebody has decided it otherwise."""

    code, status = "proposal_decided", 409
    cashier = Text(en="This was decided already: {state}.", ru="Это уже решено: {state}.")


class FourEyesNeeded(Refusal):
    """Whoever proposed it does not decide it."""

    code, status = "four_eyes_needed", 403
    cashier = Text(
        en="You proposed this yourself: somebody else has to decide.",
        ru="Вы предложили это сами: решать должен другой сотрудник.",
    )


class PairProposed(Refusal):
    """These two customers are proposed already, and nobody has decided yet."""

    code, status = "pair_proposed", 409
    cashier = Text(
        en="These two customers are waiting for a decision already.",
        ru="Эти два покупателя уже ждут решения.",
    )


class ErasureUnknown(Refusal):
    """There is no such erasure."""

    code, status = "erasure_unknown", 404
    cashier = Text(en="There is no such erasure.", ru="Такого запроса на удаление нет.")


class ErasureRepeated(Refusal):
    """Somebody has asked already that this person be forgotten, and nobody has decided."""

    code, status = "erasure_repeated", 409
    cashier = Text(
        en="This customer's erasure is waiting for a decision already.",
        ru="Удаление данных этого покупателя уже ждёт решения.",
    )


class ErasureDecided(Refusal):
    """It was decided otherwise."""

    code, status = "erasure_decided", 409
    cashier = Text(en="This was decided already: {state}.", ru="Это уже решено: {state}.")


class ErasureNotDone(Refusal):
    """There is an act once the data are destroyed."""

    code, status = "erasure_not_done", 409
    cashier = Text(en="Nothing has been destroyed yet.", ru="Данные ещё не уничтожены.")
