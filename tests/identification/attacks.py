"""Attacks on the client: each one change to a provider that is otherwise honest."""

import base64
import hmac
import json
import warnings
from collections.abc import Callable
from typing import Any

from joserfc.errors import SecurityWarning
from joserfc.jwk import OctKey, RSAKey
from starlette.responses import JSONResponse, Response

from tests.identification.tampering import CODE, FIRST_NAMES, LAST_NAME, TamperingProvider, rsa_key

Attack = Callable[[TamperingProvider], None]

SOMEBODY_ELSE = "230342-9026"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


_ALG_NONE = _encoded(b'{"alg":"none"}')


def id_token(**changes: Any) -> Attack:
    def attack(provider: TamperingProvider) -> None:
        provider.change_id_token = lambda claims: claims.update(changes)

    return attack


def both_tokens(**changes: Any) -> Attack:
    def attack(provider: TamperingProvider) -> None:
        provider.change_id_token = provider.change_userinfo = lambda claims: claims.update(changes)

    return attack


def userinfo(**changes: Any) -> Attack:
    def attack(provider: TamperingProvider) -> None:
        provider.change_userinfo = lambda claims: claims.update(changes)

    return attack


def without(*names: str) -> Attack:
    def attack(provider: TamperingProvider) -> None:
        def leave_out(claims: dict[str, Any]) -> None:
            for name in names:
                claims.pop(name, None)

        provider.change_id_token = provider.change_userinfo = leave_out

    return attack


def plain_names(provider: TamperingProvider) -> None:
    """No attack: names under OpenID Connect's own claims."""

    def rename(claims: dict[str, Any]) -> None:
        claims |= {"given_name": claims.pop(FIRST_NAMES), "family_name": claims.pop(LAST_NAME)}

    provider.change_id_token = provider.change_userinfo = rename


def signed(**how: Any) -> Attack:
    def attack(provider: TamperingProvider) -> None:
        provider.sign = lambda claims: provider.signed(claims, **how)

    return attack


def encrypted(**how: Any) -> Attack:
    def attack(provider: TamperingProvider) -> None:
        def wrap(signed: str) -> str:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SecurityWarning)
                return provider.encrypted(signed, **how)

        provider.wrap = wrap

    return attack


def later(name: str, seconds: int) -> Attack:
    def attack(provider: TamperingProvider) -> None:
        moment = int(provider.clock().timestamp()) + seconds
        provider.change_id_token = lambda claims: claims.update({name: moment})

    return attack


def as_text(change: Callable[[str], str]) -> Attack:
    """Changes the JSON of the claims as text: what no JSON library would write."""

    def attack(provider: TamperingProvider) -> None:
        provider.sign = lambda claims: provider.signed(change(json.dumps(claims)))

    return attack


def alg_none(provider: TamperingProvider) -> None:
    provider.sign = lambda claims: f"{_ALG_NONE}.{_encoded(json.dumps(claims).encode())}."


def alg_none_with_signature(provider: TamperingProvider) -> None:
    def sign(claims: dict[str, Any]) -> str:
        _, body, signature = provider.signed(claims).split(".")
        return f"{_ALG_NONE}.{body}.{signature}"

    provider.sign = sign


def shared_secret_is_public_key(provider: TamperingProvider) -> None:
    """What anybody can make who knows the broker's public key; by hand, as libraries refuse to."""

    def sign(claims: dict[str, Any]) -> str:
        header = {"alg": "HS256", "kid": provider.key.kid}
        text = f"{_encoded(json.dumps(header).encode())}.{_encoded(json.dumps(claims).encode())}"
        mac = hmac.digest(provider.key.as_pem(private=False), text.encode(), "sha256")
        return f"{text}.{_encoded(mac)}"

    provider.sign = sign


def own_key_inside(provider: TamperingProvider) -> None:
    own = rsa_key()
    provider.sign = lambda claims: provider.signed(
        claims, key=own, kid=own.kid, jwk=own.as_dict(private=False)
    )


def own_key_by_address(provider: TamperingProvider) -> None:
    own = rsa_key()
    provider.answer = lambda path: (
        JSONResponse({"keys": [own.as_dict(private=False)]}) if path == "/evil.json" else None
    )
    provider.sign = lambda claims: provider.signed(
        claims, key=own, kid=own.kid, jku=f"{provider.issuer}/evil.json"
    )


def own_key_under_its_kid(provider: TamperingProvider) -> None:
    own = rsa_key(kid=provider.key.kid)
    provider.sign = lambda claims: provider.signed(claims, key=own)


def own_key_unknown(provider: TamperingProvider) -> None:
    own = rsa_key()
    provider.sign = lambda claims: provider.signed(claims, key=own, kid=own.kid)


def short_key(provider: TamperingProvider) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        short = RSAKey.import_key(RSAKey.generate_key(1024).as_dict(private=True) | {"kid": "short"})
    provider.published = [short.as_dict(private=False)]

    def sign(claims: dict[str, Any]) -> str:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)
            return provider.signed(claims, key=short, kid="short")

    provider.sign = sign


def crit(provider: TamperingProvider) -> None:
    """By hand, as libraries refuse to."""

    def sign(claims: dict[str, Any]) -> str:
        header = {"alg": "RS256", "kid": provider.key.kid, "crit": ["b64"], "b64": True}
        _, body, signature = provider.signed(claims).split(".")
        return f"{_encoded(json.dumps(header).encode())}.{body}.{signature}"

    provider.sign = sign


def two_keys_without_kid(provider: TamperingProvider) -> None:
    provider.published = [provider.key.as_dict(private=False), rsa_key().as_dict(private=False)]
    provider.sign = lambda claims: provider.signed(claims, kid=None)


def changed_after_signing(provider: TamperingProvider) -> None:
    def sign(claims: dict[str, Any]) -> str:
        header, _, signature = provider.signed(claims).split(".")
        body = json.dumps(claims | {CODE: SOMEBODY_ELSE}).encode()
        return f"{header}.{_encoded(body)}.{signature}"

    provider.sign = sign


def not_encrypted(provider: TamperingProvider) -> None:
    provider.wrap = lambda signed: signed


def userinfo_not_encrypted(provider: TamperingProvider) -> None:
    provider.answer = lambda path: (
        Response(provider.signed(provider.person()), media_type="application/jwt")
        if path == "/userinfo"
        else None
    )


def userinfo_as_json(provider: TamperingProvider) -> None:
    provider.answer = lambda path: JSONResponse(provider.person()) if path == "/userinfo" else None


def encrypted_to_somebody(provider: TamperingProvider) -> None:
    provider.wrap = lambda signed: provider.encrypted(
        signed, key=rsa_key(kid=provider.client_keys.decryption_keys()[0].kid)
    )


def encrypted_to_unknown(provider: TamperingProvider) -> None:
    provider.wrap = lambda signed: provider.encrypted(signed, key=rsa_key())


def encrypted_directly(provider: TamperingProvider) -> None:
    secret = OctKey.generate_key(256)
    provider.wrap = lambda signed: provider.encrypted(
        signed, key=secret, algorithm="dir", encryption="A128CBC-HS256"
    )


def encrypted_but_not_signed(provider: TamperingProvider) -> None:
    provider.sign = json.dumps


def encrypted_twice(provider: TamperingProvider) -> None:
    provider.wrap = lambda signed: provider.encrypted(provider.encrypted(signed))


def cut_short(provider: TamperingProvider) -> None:
    provider.wrap = lambda signed: provider.encrypted(signed)[:-8]


def answering(make: Callable[[], Response], path: str = "/token") -> Attack:
    def attack(provider: TamperingProvider) -> None:
        provider.answer = lambda asked: make() if asked == path else None

    return attack


def token_answer(**changes: Any) -> Attack:
    def attack(provider: TamperingProvider) -> None:
        provider.change_token_answer = lambda answer: answer.update(changes)

    return attack
