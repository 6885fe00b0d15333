"""Whatever is wrong with a broker's answer, nobody is identified (cases A35 to A39).

Each attack is one change to answers that are otherwise good, and is refused for its own reason.
"""

from collections.abc import Callable

import pytest
from starlette.responses import JSONResponse, RedirectResponse, Response

from domain.codes import Code, Refused
from starter.identification.faults import Fault
from tests.clock import SettableClock
from tests.identification.asking import Asking
from tests.identification.attacks import (
    SOMEBODY_ELSE,
    Attack,
    alg_none,
    alg_none_with_signature,
    answering,
    as_text,
    both_tokens,
    changed_after_signing,
    crit,
    cut_short,
    encrypted,
    encrypted_but_not_signed,
    encrypted_directly,
    encrypted_to_somebody,
    encrypted_to_unknown,
    encrypted_twice,
    id_token,
    later,
    not_encrypted,
    own_key_by_address,
    own_key_inside,
    own_key_under_its_kid,
    own_key_unknown,
    plain_names,
    shared_secret_is_public_key,
    short_key,
    signed,
    token_answer,
    two_keys_without_kid,
    userinfo,
    userinfo_as_json,
    userinfo_not_encrypted,
    without,
)
from tests.identification.conftest import MakeClient
from tests.identification.tampering import CODE, FIRST_NAMES, LAST_NAME, TamperingProvider

Faults = Callable[[], list[str]]

REAL = "131052-308T"  # the population register's specimen: no temporary one, and nobody's

PACKED = {"Content-Encoding": "gzip"}


def _second_code(claims: str) -> str:
    return claims.replace("{", f'{{"{CODE}": "{SOMEBODY_ELSE}", ', 1)


ATTACKS: list[tuple[str, Attack, Fault]] = [
    # A37: the token as such
    ("alg none", alg_none, Fault.TOKEN_MALFORMED),
    ("alg none, signed", alg_none_with_signature, Fault.ALGORITHM_REFUSED),
    ("HS256 with the public key", shared_secret_is_public_key, Fault.ALGORITHM_REFUSED),
    ("embedded jwk", own_key_inside, Fault.HEADER_FORBIDDEN),
    ("jku", own_key_by_address, Fault.HEADER_FORBIDDEN),
    ("x5u", signed(x5u="http://127.0.0.1/x"), Fault.HEADER_FORBIDDEN),
    ("own key under the broker's kid", own_key_under_its_kid, Fault.SIGNATURE_WRONG),
    ("own key", own_key_unknown, Fault.SIGNATURE_KEY_UNKNOWN),
    ("a key of 1024 bits", short_key, Fault.SIGNATURE_KEY_UNKNOWN),
    ("two keys to choose from", two_keys_without_kid, Fault.SIGNATURE_KEY_UNKNOWN),
    ("RS512, which is not in the list", signed(algorithm="RS512"), Fault.ALGORITHM_REFUSED),
    ("changed after signing", changed_after_signing, Fault.SIGNATURE_WRONG),
    ("not encrypted", not_encrypted, Fault.TOKEN_MALFORMED),
    ("userinfo not encrypted", userinfo_not_encrypted, Fault.TOKEN_MALFORMED),
    ("userinfo as JSON", userinfo_as_json, Fault.ANSWER_MALFORMED),
    ("encrypted to somebody else", encrypted_to_somebody, Fault.NOT_DECRYPTED),
    ("encrypted to an unknown key", encrypted_to_unknown, Fault.DECRYPTION_KEY_UNKNOWN),
    ("encrypted with a shared secret", encrypted_directly, Fault.TOKEN_MALFORMED),
    ("RSA1_5", encrypted(algorithm="RSA1_5"), Fault.ALGORITHM_REFUSED),
    ("A192GCM, which is not in the list", encrypted(encryption="A192GCM"), Fault.ALGORITHM_REFUSED),
    ("encrypted, not signed", encrypted_but_not_signed, Fault.TOKEN_MALFORMED),
    ("encrypted twice", encrypted_twice, Fault.TOKEN_MALFORMED),
    ("cut short", cut_short, Fault.NOT_DECRYPTED),
    # A37: what it says
    ("wrong iss", id_token(iss="https://broker.example.com"), Fault.ISSUER_WRONG),
    ("wrong aud", id_token(aud="somebody-else"), Fault.AUDIENCE_WRONG),
    ("a second aud", id_token(aud=["fullmakt", "somebody-else"]), Fault.AUDIENCE_WRONG),
    ("wrong azp", id_token(azp="somebody-else"), Fault.AUDIENCE_WRONG),
    ("no aud", without("aud"), Fault.AUDIENCE_WRONG),
    ("expired", later("exp", -31), Fault.EXPIRED),
    ("no exp", without("exp"), Fault.CLAIMS_MALFORMED),
    ("exp is no number", id_token(exp=True), Fault.CLAIMS_MALFORMED),
    (
        "exp is endless",
        as_text(lambda it: it.replace('"exp": 1', '"exp": 1e999, "x": 1')),
        Fault.CLAIMS_MALFORMED,
    ),
    ("issued in the future", later("iat", 31), Fault.NOT_YET_VALID),
    ("not yet valid", later("nbf", 31), Fault.NOT_YET_VALID),
    ("identified in the future", later("auth_time", 31), Fault.NOT_YET_VALID),
    ("issued before the request", later("iat", -31), Fault.OLDER_THAN_REQUEST),
    ("identified before the request", later("auth_time", -31), Fault.OLDER_THAN_REQUEST),
    ("no auth_time", without("auth_time"), Fault.CLAIMS_MALFORMED),
    ("replayed: another nonce", id_token(nonce="n" * 43), Fault.NONCE_WRONG),
    ("no nonce", without("nonce"), Fault.NONCE_WRONG),
    ("half a character as nonce", id_token(nonce="\ud800"), Fault.NONCE_WRONG),
    ("at_hash of another access token", id_token(at_hash="A" * 22), Fault.ACCESS_TOKEN_WRONG),
    ("no sub", without("sub"), Fault.SUBJECT_WRONG),
    ("userinfo of another sub", userinfo(sub="erik"), Fault.SUBJECT_WRONG),
    ("userinfo of another iss", userinfo(iss="https://broker.example.com"), Fault.ISSUER_WRONG),
    ("userinfo for another aud", userinfo(aud="somebody-else"), Fault.AUDIENCE_WRONG),
    ("userinfo expired", userinfo(exp=1), Fault.EXPIRED),
    ("a name twice", as_text(lambda it: it.replace("{", '{"aud": "fullmakt", ', 1)), Fault.CLAIMS_MALFORMED),
    ("a list of claims", as_text(lambda it: f"[{it}]"), Fault.CLAIMS_MALFORMED),
    ("nested deeply", as_text(lambda it: "[" * 9000), Fault.CLAIMS_MALFORMED),
    ("NaN", as_text(lambda it: it.replace("{", '{"x": NaN, ', 1)), Fault.CLAIMS_MALFORMED),
    # A38: how sure, and who
    ("no acr", without("acr"), Fault.LEVEL_REFUSED),
    ("a weaker acr", id_token(acr="http://ftn.ficora.fi/2017/loa1"), Fault.LEVEL_REFUSED),
    ("a list of acr", id_token(acr=["http://ftn.ficora.fi/2017/loa2"]), Fault.LEVEL_REFUSED),
    ("no identity code", without(CODE), Fault.IDENTITY_CODE_MISSING),
    ("a list of codes", both_tokens(**{CODE: ["120872-901U"]}), Fault.IDENTITY_CODE_REFUSED),
    ("two codes in one", both_tokens(**{CODE: "120872-901U 230342-9026"}), Fault.IDENTITY_CODE_REFUSED),
    ("a code in each token", userinfo(**{CODE: SOMEBODY_ELSE}), Fault.IDENTITY_CODES_DIFFER),
    ("two codes under one name", as_text(_second_code), Fault.CLAIMS_MALFORMED),
    ("a wrong check sign", both_tokens(**{CODE: "120872-901V"}), Fault.IDENTITY_CODE_REFUSED),
    ("an impossible date", both_tokens(**{CODE: "310272-901H"}), Fault.IDENTITY_CODE_REFUSED),
    ("a code of digits", both_tokens(**{CODE: 1208729010}), Fault.IDENTITY_CODE_REFUSED),
    ("no last name", without(LAST_NAME), Fault.NAME_MISSING),
    ("an empty first name", both_tokens(**{FIRST_NAMES: " "}), Fault.NAME_REFUSED),
    ("a name that turns its line around", both_tokens(**{LAST_NAME: "Virta\u202enen"}), Fault.NAME_REFUSED),
    ("half a character in a name", both_tokens(**{LAST_NAME: "Virta\ud800"}), Fault.NAME_REFUSED),
    # Size, case A39
    ("compressed", encrypted(zip="DEF"), Fault.HEADER_FORBIDDEN),
    ("a token of 40 kB", id_token(padding="x" * 20_000), Fault.TOKEN_TOO_LARGE),
    ("a userinfo of 100 kB", userinfo(padding="x" * 40_000), Fault.ANSWER_TOO_LARGE),
    ("a long header", encrypted(padding="x" * 1_000), Fault.TOKEN_TOO_LARGE),
    ("crit", crit, Fault.HEADER_FORBIDDEN),
    # The answers around the tokens
    ("a redirect", answering(lambda: RedirectResponse("/userinfo")), Fault.ANSWER_REFUSED),
    (
        "refused by the broker",
        answering(lambda: JSONResponse({"error": "invalid_grant"}, 400)),
        Fault.ANSWER_REFUSED,
    ),
    ("refused at userinfo", answering(lambda: JSONResponse({}, 401), "/userinfo"), Fault.ANSWER_REFUSED),
    ("a page", answering(lambda: Response("{}", media_type="text/html")), Fault.ANSWER_MALFORMED),
    ("packed", answering(lambda: JSONResponse({}, headers=PACKED)), Fault.ANSWER_MALFORMED),
    ("no ID token", token_answer(id_token=None), Fault.ANSWER_MALFORMED),
    ("no access token", token_answer(access_token=None), Fault.ANSWER_MALFORMED),
    ("an access token with a line break", token_answer(access_token="a\r\nb"), Fault.ANSWER_MALFORMED),
    ("another kind of access token", token_answer(token_type="mac"), Fault.ANSWER_MALFORMED),
    (
        "keys that are no list",
        answering(lambda: JSONResponse({"keys": {}}), "/jwks.json"),
        Fault.ANSWER_MALFORMED,
    ),
]


@pytest.mark.parametrize(
    ("attack", "fault"), [pytest.param(attack, fault, id=name) for name, attack, fault in ATTACKS]
)
async def test_attacks_are_refused_each_for_its_own_reason(
    provider: TamperingProvider,
    make_client: MakeClient,
    clock: SettableClock,
    faults: Faults,
    attack: Attack,
    fault: Fault,
) -> None:
    asking = Asking(clock())
    provider.nonce = asking.nonce
    attack(provider)

    with pytest.raises(Refused) as refused:
        await make_client(provider.metadata).identity(asking.callback(issuer=provider.issuer))

    assert refused.value.code is Code.IDENTIFICATION_FAILED
    assert faults() == [fault]
    # Nothing of what came leads on from the exception to a log or a page.
    assert refused.value.__suppress_context__
    assert "/evil.json" not in [path for path, _ in provider.forms]


@pytest.mark.parametrize(
    "variation",
    [
        pytest.param(lambda _: None, id="as it is"),
        pytest.param(id_token(aud=["fullmakt"], azp="fullmakt"), id="one aud in a list, azp"),
        pytest.param(later("exp", -29), id="just within the clocks' difference"),
        pytest.param(later("auth_time", -29), id="identified just within it"),
        pytest.param(encrypted(algorithm="RSA-OAEP-256", encryption="A256GCM"), id="stronger encryption"),
        pytest.param(encrypted(kid=None, iss="copied", aud="copied"), id="no kid, claims in the header"),
        pytest.param(signed(algorithm="PS256"), id="PS256"),
        pytest.param(signed(kid=None), id="one key, no kid"),
        pytest.param(userinfo(**{CODE: " 120872-901u"}), id="the same code, written differently"),
        pytest.param(plain_names, id="names under plain names"),
    ],
)
async def test_what_an_honest_broker_may_do_is_accepted(
    provider: TamperingProvider, make_client: MakeClient, clock: SettableClock, variation: Attack
) -> None:
    asking = Asking(clock())
    provider.nonce = asking.nonce
    variation(provider)

    identity = await make_client(provider.metadata).identity(asking.callback(issuer=provider.issuer))

    assert (identity.personal_identity_code, identity.first_name, identity.last_name) == (
        "120872-901U",
        "Maija",
        "Virtanen",
    )
    assert "Virtanen" not in repr(identity)
    assert "120872" not in repr(identity)


@pytest.mark.parametrize(
    ("level", "code", "fault"),
    [
        ("http://ftn.ficora.fi/2017/loatest2", REAL, Fault.LEVEL_REFUSED),
        ("http://ftn.ficora.fi/2017/loatest3", REAL, Fault.LEVEL_REFUSED),
        ("http://ftn.ficora.fi/2017/loa2", "120872-901U", Fault.IDENTITY_CODE_REFUSED),
    ],
)
async def test_production_refuses_what_belongs_to_tests(
    provider: TamperingProvider,
    make_client: MakeClient,
    clock: SettableClock,
    faults: Faults,
    level: str,
    code: str,
    fault: Fault,
) -> None:
    asking = Asking(clock())
    provider.nonce = asking.nonce
    provider.change_id_token = lambda claims: claims.update({"acr": level, CODE: code})
    provider.change_userinfo = lambda claims: claims.update({CODE: code})

    with pytest.raises(Refused):
        await make_client(provider.metadata, production=True).identity(
            asking.callback(issuer=provider.issuer)
        )

    assert faults() == [fault]


@pytest.mark.parametrize("level", ["loa2", "loa3"])
async def test_production_takes_real_ones(
    provider: TamperingProvider, make_client: MakeClient, clock: SettableClock, level: str
) -> None:
    asking = Asking(clock())
    provider.nonce = asking.nonce
    acr = f"http://ftn.ficora.fi/2017/{level}"
    provider.change_id_token = lambda claims: claims.update({"acr": acr, CODE: REAL})
    provider.change_userinfo = lambda claims: claims.update({CODE: REAL})

    identity = await make_client(provider.metadata, production=True).identity(
        asking.callback(issuer=provider.issuer)
    )

    assert (identity.personal_identity_code, identity.level) == (REAL, acr)


@pytest.mark.parametrize(
    ("issuer", "fault"),
    [(None, Fault.ISSUER_MISSING), ("https://broker.example.com", Fault.ISSUER_WRONG)],
)
async def test_a_mixed_up_broker_never_gets_the_code(
    provider: TamperingProvider,
    make_client: MakeClient,
    clock: SettableClock,
    faults: Faults,
    issuer: str | None,
    fault: Fault,
) -> None:
    """A36: the answer names another broker, or none where ours always names itself."""
    asking = Asking(clock())
    provider.nonce = asking.nonce

    with pytest.raises(Refused):
        await make_client(provider.metadata).identity(asking.callback(issuer=issuer))

    assert faults() == [fault]
    assert provider.forms == []


async def test_a_broker_may_be_known_not_to_name_itself(
    provider: TamperingProvider, make_client: MakeClient, clock: SettableClock
) -> None:
    asking = Asking(clock())
    provider.nonce = asking.nonce
    quiet = provider.metadata.model_copy(update={"names_itself": False})

    assert (await make_client(quiet).identity(asking.callback())).first_name == "Maija"


@pytest.mark.parametrize("code", ["", "a b", "x\r\ny", "c" * 2049, "å"])
async def test_a_code_that_is_none_is_not_sent_on(
    provider: TamperingProvider, make_client: MakeClient, clock: SettableClock, code: str
) -> None:
    with pytest.raises(Refused):
        await make_client(provider.metadata).identity(
            Asking(clock()).callback(code=code, issuer=provider.issuer)
        )

    assert provider.forms == []
