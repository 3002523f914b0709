"""What the ledger declines, by name."""

from vokrug.kernel import Refusal, Retry, Text


class InsufficientFunds(Refusal):
    """The wallet has less than the operation asks for."""

    code, status, retry = "insufficient_funds", 409, Retry.LATER
    cashier = Text(en="Not enough on the wallet: {missing} short.", ru="На кошельке не хватает {missing}.")


class WalletUnknown(Refusal):
    """There is no such wallet."""

    code, status = "account_not_found", 404
    cashier = Text(en="There is no wallet {wallet}.", ru="Кошелька {wallet} нет.")


class WalletClosed(Refusal):
    """The wallet is closed."""

    code, status, retry = "account_closed", 409, Retry.LATER
    cashier = Text(en="The wallet {wallet} is closed.", ru="Кошелёк {wallet} закрыт.")


class UnitMismatch(Refusal):
    """Value cannot move between wallets of different units."""

    code, status = "asset_mismatch", 422
    cashier = Text(en="The two wallets hold different units.", ru="Кошельки ведутся в разных единицах.")


class NotAHold(Refusal):
    """The operation named is not a hold."""

    code, status = "not_a_hold", 409
    cashier = Text(en="{hold} is not a hold.", ru="{hold} не является удержанием.")


class HoldUnknown(NotAHold):
    """There is no hold of this name yet, so its capture or release cannot be."""


class HoldAmountExceeded(Refusal):
    """A capture asks for more than is held."""

    code, status = "hold_amount_exceeded", 409
    cashier = Text(en="Only {held} is held.", ru="Удержано только {held}.")


class HoldAlreadyCaptured(Refusal):
    """The hold was captured before."""

    code, status = "hold_already_captured", 409
    cashier = Text(en="The hold was captured before.", ru="Удержание уже списано.")


class HoldAlreadyVoided(Refusal):
    """The hold was released before."""

    code, status = "hold_already_voided", 409
    cashier = Text(en="The hold was released before.", ru="Удержание уже снято.")


class HoldExpired(Refusal):
    """The hold's time was up."""

    code, status = "hold_expired", 409
    cashier = Text(en="The hold's time was up.", ru="Срок удержания истёк.")


class AlreadyReverted(Refusal):
    """The journal was reverted before."""

    code, status = "already_reverted", 409
    cashier = Text(en="This was reverted before.", ru="Операция уже отменена.")


class NothingToRevert(Refusal):
    """The operation moved nothing that could go back: a hold is voided, a closed wallet reopened."""

    code, status = "nothing_to_revert", 409
    cashier = Text(en="{key} moved nothing that could go back.", ru="{key}: отменять нечего, движения не было.")


class JournalUnknown(Refusal):
    """There is no such operation to build on."""

    code, status = "operation_not_found", 404
    cashier = Text(en="There is no operation {key}.", ru="Операции {key} нет.")


class KeyReused(Refusal):
    """The id was used before for something else."""

    code, status = "duplicate_conflict", 409
    cashier = Text(
        en="This id was used before, with another {field}.", ru="Этот номер уже использован: отличается {field}."
    )


class KeyBurned(Refusal):
    """The id was refused before; a new attempt needs a new id."""

    code, status = "id_burned", 409
    cashier = Text(
        en="This id was refused before ({outcome}); try again under a new id.",
        ru="Этот номер уже получил отказ ({outcome}); повторите с новым номером.",
    )


class ChainFailed(Refusal):
    """Another member of the chain was refused, so none took effect."""

    code, status = "chain_failed", 409
    cashier = Text(en="Another operation of the chain was refused.", ru="Другая операция цепочки отклонена.")


class InsufficientLots(Refusal):
    """The lots hold less than asked."""

    code, status = "insufficient_lots", 409
    cashier = Text(en="The lots are {missing} short.", ru="В партиях не хватает {missing}.")


class InvalidSplit(Refusal):
    """The shares do not make a whole."""

    code, status = "invalid_split", 422
    cashier = Text(en="The shares do not make a whole.", ru="Доли не составляют целое.")


class SameWallet(Refusal):
    """Value moves between two wallets, not within one."""

    code, status = "same_wallet", 422
    cashier = Text(en="Both sides are the same wallet.", ru="Списание и зачисление на один и тот же кошелёк.")


class UnboundedSource(Refusal):
    """All of a source without a limit is no amount."""

    code, status = "unbounded_source", 422
    cashier = Text(
        en='{wallet} has no limit, so "all" of it is no amount.', ru="У {wallet} нет предела: «всё» не сумма."
    )


class UnitUnknown(Refusal):
    """There is no such unit."""

    code, status = "unit_unknown", 422
    cashier = Text(en="There is no unit {unit}.", ru="Единицы {unit} нет.")


class UnitCodeTaken(Refusal):
    """Another unit bears this code."""

    code, status = "unit_code_taken", 409
    cashier = Text(en="The unit {unit} exists with other terms.", ru="Единица {unit} уже заведена на других условиях.")


class WalletCodeTaken(Refusal):
    """Another wallet bears this code."""

    code, status = "wallet_code_taken", 409
    cashier = Text(
        en="The wallet {wallet} exists with other terms.", ru="Кошелёк {wallet} уже открыт на других условиях."
    )


class RateUnknown(Refusal):
    """No rate between the two units is known."""

    code, status = "rate_unknown", 409
    cashier = Text(en="There is no rate of {unit} in {in_unit}.", ru="Нет курса {unit} к {in_unit}.")
