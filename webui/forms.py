"""Forms: what people type, and what is wrong with it."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, Form, StringField
from wtforms.validators import AnyOf, InputRequired, Length, Regexp

from webui.presenters.texts import N_

REQUIRED = N_("This field is required.")


class BoundForm(Form):  # type: ignore[misc]
    """One bound number; what a number may be is judged by provisioning."""

    number = StringField(validators=[InputRequired(REQUIRED), Length(max=40, message=N_("Too long."))])
    kind = StringField(validators=[AnyOf(("", "mobile", "landline", "phs", "extension"))], default="")
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
        ]
    )
    bound = StringField(validators=[Length(max=40, message=N_("Too long."))])
    tariff = StringField(validators=[Length(max=60, message=N_("Too long."))])


def errors_of(form: Any, translate: Any) -> dict[str, str]:
    """Return field -> what is wrong, translated."""
    return {name: translate(str(messages[0])) for name, messages in form.errors.items() if messages}
