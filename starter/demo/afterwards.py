"""What there is to try once the stories are told: addresses, credentials, lines to paste."""

from collections.abc import Iterator

from starter.demo.people import OPEN_COMPANY, Cast
from starter.running import own_command
from starter.stack import Stack


def what_to_try(running: Stack, cast: Cast, waiting: str) -> Iterator[str]:
    """The lines. `waiting` is the invitation that was left open for Emma."""
    api, command = running.api_url, own_command()
    yield "\nIt stays up until Ctrl-C. Try it in a browser, in Swedish, Finnish or English:"
    for person, page, role, what in (
        (cast.maija, "maintenance", "owner of her home's electricity", "invite somebody; remove Aino again"),
        (cast.asa, "maintenance", "administrator of a company", "the same, with more roles to choose from"),
        (cast.aino, "services", "user of Maija's home", "what she may use, and Maintenance"),
        (cast.emma, "tasks", "invited", "approve or decline the invitation that waits for her"),
        (cast.marten, "contract-links/new", "registered", "Update authorizations: identify, then Next"),
        (cast.bo, "maintenance", "a company's first user", "Authorizations: inviting asks him to identify"),
    ):
        yield f"  {api}/login?next=/{page}  {person.username}  {person.password}"
        yield f"    {person.first_name}, {role}: {what}"
    yield "  To be a new person: invite a new address as Maija, open the link in the mailbox, register."
    yield f"  {api}/registrations"
    yield "    Register with any bank: the test broker asks whom to be. Erik or Göran are private customers;"
    yield f"    anybody may register the company {OPEN_COMPANY.name}, {OPEN_COMPANY.business_id},"
    yield f"    customer number {OPEN_COMPANY.customer_number}. The e-mail to confirm is in the mailbox."
    yield "\nWhere to look:"
    yield f"  Mailbox      {running.mailbox_url}"
    if running.temporal is not None:
        yield f"  Temporal UI  {running.temporal.ui_url}/namespaces/default/workflows/invitation-{waiting}"
    yield f"  API          {api}/v1/openapi.json"
    yield f"  Metrics      http://{running.settings.api_metrics}/metrics"
    yield "\nThe same by the command line, as Emma:"
    yield f"  export FULLMAKT_API_URL={api}"
    yield f"  echo '{cast.emma.password}' | {command} login --username {cast.emma.username} --password-stdin"
    yield f"  {command} tasks"
    yield f"  {command} invitations accept {waiting}"
    yield f"  {command} processes show {waiting}"
    yield "\nRegistering by the command line, and what waits for customer service:"
    yield f"  {command} register private"
    yield f"  FULLMAKT_DATA_DIRECTORY={running.settings.data_directory} {command} service-requests list"
    yield "\nAnd by HTTP, as Maija:"
    yield (
        f"  TOKEN=$(curl -s {api}/v1/sessions -H 'Content-Type: application/json'"
        f""" -d '{{"username": "{cast.maija.username}", "password": "{cast.maija.password}"}}'"""
        """ | python3 -c 'import json, sys; print(json.load(sys.stdin)["token"])')"""
    )
    yield f'  curl -s {api}/v1/customer-relations -H "Authorization: Bearer $TOKEN"'
    yield f'  curl -s {api}/v1/processes/{waiting} -H "Authorization: Bearer $TOKEN" -H "Accept-Language: sv"'
