"""The test persons. Their identity codes have individual numbers of 900-999, which nobody real has."""

from dataclasses import dataclass

from runtime.texts import N_


@dataclass(frozen=True)
class TestPerson:
    """Somebody to identify as; `role` says, in English, what the sample customers know of the person."""

    __test__ = False  # no test, whatever pytest thinks of the name

    first_name: str
    last_name: str
    identity_code: str
    role: str


_OWN_HOME = N_("Private customer with contracts")
_TWO_CUSTOMERS = N_("Private customer with two customer numbers")
_CONTRACT_ENDED = N_("Private customer whose contract has ended")
_NO_CUSTOMER = N_("No customer of one's own; for companies and invited persons")

PEOPLE = (
    TestPerson("Maija", "Virtanen", "120872-901U", _OWN_HOME),
    TestPerson("Erik", "Lindqvist", "230342-9026", _OWN_HOME),
    TestPerson("Göran", "Öhman", "170549-904T", _TWO_CUSTOMERS),
    TestPerson("Aino", "Korhonen", "061079-903E", _CONTRACT_ENDED),
    TestPerson("Åsa", "Lindroos", "140381-961B", _NO_CUSTOMER),
    TestPerson("Aino", "Mäkelä", "020590-962K", _NO_CUSTOMER),
    TestPerson("Bo", "Boman", "251166-9633", _NO_CUSTOMER),
    TestPerson("Emma", "Sjöblom", "080799-964E", _NO_CUSTOMER),
    TestPerson("Britta", "Nyberg", "310154-965V", _NO_CUSTOMER),
    TestPerson("Noa", "Åkerlund", "290204A967J", _NO_CUSTOMER),
)
