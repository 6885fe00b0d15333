"""A registration's steps on a terminal: identify, type, confirm the e-mail, review, confirm (spec 3.2)."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import typer

from domain.vocabulary import Language
from starter.cli import showing
from starter.cli.api_client import Api, Correctable
from starter.cli.common import asked, asked_password, fail, messages
from starter.cli.identifying import identified

_GLANCE = timedelta(seconds=1)
_DO_NOT_MATCH = "registration.details_do_not_match"
_CORRECTABLE = ("request.invalid", _DO_NOT_MATCH)
_QUESTIONS = {
    "company_name": "Company name",
    "business_id": "Business ID",
    "customer_number": "Customer number, on the electricity bill",
    "first_name": "First name",
    "last_name": "Last name",
    "email": "E-mail",
    "username": "Username",
}
_USERS = frozenset({"first_name", "last_name", "email", "username"})


@dataclass
class Given:
    """What options gave; the rest is asked for."""

    details: Mapping[str, str | None]
    accept_terms: bool
    declare_accurate: bool
    password_stdin: bool
    declare_right_to_see: bool = False


@dataclass
class Registration:
    """One registration, over the API. A refusal that typing can mend leads back to the questions."""

    client: Api
    given: Given
    as_json: bool
    _path: str = field(default="", init=False)
    _password: str | None = field(default=None, init=False, repr=False)

    def play(
        self, kind: str, language: Language, means: str | None, browser: bool, *, yes: bool
    ) -> Mapping[str, Any]:
        """From the beginning to the end; the completed registration."""
        begun = self.client.post("/registrations", {"kind": kind, "language": language.value})
        self._path = f"/registrations/{begun['id']}"
        self.client.headers["Registration-Secret"] = begun["secret"]
        stands = identified(self.client, self._path, means, browser=browser)
        person = stands["person"]
        messages.print(f"You are {showing.person(person)}, {person['personal_identity_code']}.")
        if stands["adds_to_user"]:
            messages.print("The company is added to the user who is logged in.")
        reviewed = self._details_taken(stands)
        self._review(reviewed, yes=yes)
        reviewed = self._email_confirmed(reviewed)
        done: Mapping[str, Any] = self.client.post(
            f"{self._path}/confirm", {"revision": reviewed["revision"]}
        )
        return done

    def _details_taken(self, stands: Mapping[str, Any]) -> Mapping[str, Any]:
        typed = self._typed(stands, self.given.details, stands["person"])
        declared = self._declared(company=stands["kind"] == "company")
        while True:
            try:
                after = self.client.put(
                    f"{self._path}/details",
                    {**typed, **declared, **self._secretly(stands)},
                    correctable=_CORRECTABLE,
                )
                after = self._checked(after)
            except Correctable as refused:
                if "password" in refused.fields:
                    self._password = None
            else:
                return after
            typed = self._typed(stands, {}, typed)

    def _typed(
        self, stands: Mapping[str, Any], given: Mapping[str, str | None], proposed: Mapping[str, Any]
    ) -> dict[str, str]:
        names = [name for name in self.given.details if not (stands["adds_to_user"] and name in _USERS)]
        return {name: asked(_QUESTIONS[name], given.get(name), default=proposed.get(name)) for name in names}

    def _secretly(self, stands: Mapping[str, Any]) -> Mapping[str, str]:
        """The password, which only somebody new chooses."""
        if stands["adds_to_user"]:
            return {}
        if self._password is None:
            self._password = asked_password(stdin=self.given.password_stdin, twice=True)
        return {"password": self._password}

    def _declared(self, *, company: bool) -> Mapping[str, Any]:
        version = self.client.get("/terms")["version"]
        if not self.given.accept_terms:
            typer.confirm(f"Do you accept the terms of use, version {version}?", abort=True, err=True)
        if not self.given.declare_accurate:
            typer.confirm("Are the details that you give correct and current?", abort=True, err=True)
        declared = {"terms_version": version, "declared_accurate": True}
        if not company:
            return declared
        if not self.given.declare_right_to_see:
            typer.confirm("Do you have the right to see this company's data?", abort=True, err=True)
        return {**declared, "declared_right_to_see": True}

    def _checked(self, stands: Mapping[str, Any]) -> Mapping[str, Any]:
        """Waits for the customer registry. Raises Correctable when the details do not match."""
        if stands["next_step"] == "check":
            messages.print("The customer registry takes longer than usual. Nothing is lost; waiting ...")
            stands = self._once_past("check")
        if stands["refusal"] == _DO_NOT_MATCH:
            messages.print("These details do not match. Check them on the electricity bill.", style="red")
            raise Correctable([])
        return stands

    def _review(self, stands: Mapping[str, Any], *, yes: bool) -> None:
        if not self.as_json:
            details = stands["details"]
            showing.details([(text, details[name] or "") for name, text in _QUESTIONS.items()])
        if not yes:
            typer.confirm("Register with these details?", abort=True, err=True)

    def _email_confirmed(self, stands: Mapping[str, Any]) -> Mapping[str, Any]:
        if stands["next_step"] != "email_confirmation":
            return stands
        messages.print(
            f"Open the link in the e-mail to {stands['details']['email']}; waiting for that ...",
            soft_wrap=True,
        )
        return self._once_past("email_confirmation")

    def _once_past(self, step: str) -> Mapping[str, Any]:
        """The registration, once it waits for something else. Its end ends the command."""
        while True:
            stands: Mapping[str, Any] = self.client.get(self._path)
            if stands["next_step"] is None:
                fail(f"The registration is {showing.words(stands['state'])}. Start again, or log in.")
            if stands["next_step"] != step:
                return stands
            if stands["email"] is not None and stands["email"]["failed"]:
                fail("The e-mail could not be delivered. Start again with another address.")
            time.sleep(_GLANCE.total_seconds())
