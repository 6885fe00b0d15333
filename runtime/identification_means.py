"""The choices of strong identification: banks and the mobile certificate (spec section 5)."""

from enum import StrEnum

from pydantic import BaseModel, Field, field_validator

from domain.vocabulary import Language


class MeansKind(StrEnum):
    """What somebody identifies with."""

    BANK = "bank"
    MOBILE_CERTIFICATE = "mobile_certificate"


class IdentificationMeans(BaseModel):
    """One choice of the broker's, as it is offered here."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$")
    kind: MeansKind = MeansKind.BANK
    names: dict[Language, str]
    # What the broker calls it.
    idp: str = Field(min_length=1)
    # A file in the folder of the pages' assets; without one the name stands alone.
    logo: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-][A-Za-z0-9_.-]*$")

    @field_validator("names")
    @classmethod
    def _in_every_language(cls, names: dict[Language, str]) -> dict[Language, str]:
        if set(names) != set(Language) or not all(names.values()):
            raise ValueError("a name is needed in every language")
        return names


def sample_means() -> list[IdentificationMeans]:
    """The ten banks and the mobile certificate, until an installation names its broker's own."""
    return [
        _means("aktia", "Aktia"),
        _means("danske-bank", "Danske Bank"),
        _means("handelsbanken", "Handelsbanken"),
        _means("nooa", "Nooa Sparbank", "Nooa Säästöpankki", "Nooa Savings Bank"),
        _means("nordea", "Nordea"),
        _means("op", "OP"),
        _means("pop", "POP Banken", "POP Pankki", "POP Bank"),
        _means("s-bank", "S-Banken", "S-Pankki", "S-Bank"),
        _means("local-tapiola", "LokalTapiola", "LähiTapiola", "LocalTapiola"),
        _means("alandsbanken", "Ålandsbanken", "Ålandsbanken", "Bank of Åland"),
        _means(
            "mobile-certificate",
            "Mobilcertifikat",
            "Mobiilivarmenne",
            "Mobile certificate",
            kind=MeansKind.MOBILE_CERTIFICATE,
        ),
    ]


def _means(
    means_id: str,
    swedish: str,
    finnish: str | None = None,
    english: str | None = None,
    kind: MeansKind = MeansKind.BANK,
) -> IdentificationMeans:
    return IdentificationMeans(
        id=means_id,
        kind=kind,
        names={
            Language.SWEDISH: swedish,
            Language.FINNISH: finnish or swedish,
            Language.ENGLISH: english or swedish,
        },
        idp=f"fi-{means_id}",
    )
