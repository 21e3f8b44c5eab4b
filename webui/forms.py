"""Forms: what people type, and what is wrong with it."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, Form, StringField
from wtforms.validators import AnyOf, InputRequired, Length, Regexp, ValidationError

from domain.calling.caller import typed_number
from domain.features import ProductEdition
from domain.money.amounts import parse_yuan
from webui.presenters.texts import N_
from webui.services.opening import Further, Opening

REQUIRED = N_("This field is required.")
_AMOUNT = r"([0-9]{1,9}(\.[0-9]{1,3})?)?$"
_TYPED = (lambda text: typed_number(text) if text else text,)
"""A telephone number, however it was typed."""
_NO_AMOUNT = N_("An amount such as 100 or 12.50, or nothing.")


class BoundForm(Form):  # type: ignore[misc]
    """One bound number; what a number may be is judged by provisioning."""

    number = StringField(
        validators=[InputRequired(REQUIRED), Length(max=40, message=N_("Too long."))], filters=_TYPED
    )
    kind = StringField(validators=[AnyOf(("", "mobile", "landline", "phs", "extension", "pbx"))], default="")
    trunk = StringField(validators=[Length(max=40, message=N_("Too long."))])
    channels = StringField(validators=[Length(max=4, message=N_("Too long."))])
    label = StringField(validators=[Length(max=60, message=N_("Too long."))])
    job_number = StringField(validators=[Length(max=20, message=N_("Too long."))])
    schedule = StringField(validators=[Length(max=4000, message=N_("Too long."))])
    press_1 = BooleanField()
    weight = StringField(validators=[Length(max=3, message=N_("Too long."))])


class TenantForm(Form):  # type: ignore[misc]
    """A tenant opened in one step."""

    id = StringField(
        validators=[
            InputRequired(REQUIRED),
            Regexp(r"[a-z0-9][a-z0-9-]{1,30}$", message=N_("2 to 31 small letters, digits and dashes.")),
        ]
    )
    name = StringField(validators=[InputRequired(REQUIRED), Length(max=80, message=N_("Too long."))])
    number = StringField(
        validators=[
            InputRequired(REQUIRED),
            Regexp(r"400[0-9]{7}$", message=N_("10 digits that begin with 400.")),
        ],
        filters=_TYPED,
    )
    bound = StringField(validators=[Length(max=40, message=N_("Too long."))], filters=_TYPED)
    tariff = StringField(validators=[Length(max=60, message=N_("Too long."))])
    edition = StringField(validators=[AnyOf(("", *ProductEdition))], default="")
    area_code = StringField(validators=[Regexp(r"(0[1-9][0-9]{1,2})?$", message=N_("Such as 010 or 0591."))])
    fee_instead = BooleanField()
    paid = StringField(validators=[Regexp(_AMOUNT, message=_NO_AMOUNT)])
    credit = StringField(validators=[Regexp(_AMOUNT, message=_NO_AMOUNT)])
    unlimited = BooleanField()
    monthly_cap = StringField(validators=[Regexp(_AMOUNT, message=_NO_AMOUNT)])
    max_calls = StringField(validators=[Regexp(r"[0-9]{0,5}$", message=N_("A whole number, or nothing."))])
    bound_limit = StringField(validators=[Regexp(r"[0-9]{0,4}$", message=N_("A whole number, or nothing."))])

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return the fields."""
        return tuple(cls().data)

    def validate_credit(self, field: StringField) -> None:
        """Ask for a credit that somebody meant: nothing typed must not let a tenant owe without end."""
        text = (field.data or "").strip()
        if not text and not self.unlimited.data:
            raise ValidationError(N_("Type an amount, 0 for prepaid, or tick that there is no limit."))
        if self.unlimited.data and text and _li(text):
            raise ValidationError(N_("Either an amount or no limit."))

    def opening(self) -> Opening:
        """Return what was typed; only after it was found valid."""
        typed = {name: str(value).strip() for name, value in self.data.items()}
        return Opening(
            typed["id"],
            typed["name"],
            typed["number"],
            typed["bound"],
            typed["tariff"],
            typed["area_code"],
            self.fee_instead.data,
            _li(typed["paid"]) or 0,
            bound_limit=int(typed["bound_limit"]) if typed["bound_limit"] else None,
            max_calls=int(typed["max_calls"]) if typed["max_calls"] else None,
            credit_li=None if self.unlimited.data else _li(typed["credit"]),
            monthly_cap_li=_li(typed["monthly_cap"]),
            edition=ProductEdition(typed["edition"]) if typed["edition"] else None,
        )


class FurtherForm(Form):  # type: ignore[misc]
    """One more number of a tenant."""

    number = StringField(
        validators=[
            InputRequired(REQUIRED),
            Regexp(r"400[0-9]{7}$", message=N_("10 digits that begin with 400.")),
        ],
        filters=_TYPED,
    )
    bound = StringField(validators=[Length(max=40, message=N_("Too long."))], filters=_TYPED)
    fee_instead = BooleanField()
    paid = StringField(validators=[Regexp(_AMOUNT, message=_NO_AMOUNT)])

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return the fields."""
        return tuple(cls().data)

    def further(self, tenant: str) -> Further:
        """Return what was typed; only after it was found valid."""
        typed = {name: str(value).strip() for name, value in self.data.items()}
        return Further(
            tenant, typed["number"], typed["bound"], self.fee_instead.data, _li(typed["paid"]) or 0
        )


def _li(text: str) -> int | None:
    return parse_yuan(text) if text else None


def errors_of(form: Any, translate: Any) -> dict[str, str]:
    """Return field -> what is wrong, translated."""
    return {name: translate(str(messages[0])) for name, messages in form.errors.items() if messages}
