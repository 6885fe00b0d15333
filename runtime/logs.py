"""Logs: one JSON object a line, on standard error unless told otherwise, with ids and codes alone.

An exception is logged as its type and the places it passed, never its text or the values of variables: both
would carry names and addresses (spec section 3). The same holds for what libraries log.
"""

import logging
import sys
import traceback
from types import TracebackType
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]

# Loggers whose messages quote what was sent to them (addresses, SQL, requests): only their warnings matter.
_TALKATIVE = ("aiosmtplib", "sqlalchemy", "aiosqlite", "httpx2", "httpcore2", "uvicorn", "mail.log")


def configure(level: str = "INFO", stream: TextIO | None = None) -> None:
    """Sends all logging of this process, ours and libraries', through one JSON formatter to `stream`.

    None is standard error.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _places_of_exception,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _only_known_words],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = True


def _places_of_exception(_: Any, __: str, event: EventDict) -> EventDict:
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    if isinstance(info, BaseException):
        info = (type(info), info, info.__traceback__)
    if isinstance(info, tuple) and info[1] is not None:
        event["exception"] = list(_chain(info[1]))
    return event


def _chain(exception: BaseException | None) -> list[dict[str, Any]]:
    links: list[dict[str, Any]] = []
    while exception is not None:
        frames = traceback.extract_tb(exception.__traceback__)
        link: dict[str, Any] = {
            "type": f"{type(exception).__module__}.{type(exception).__qualname__}",
            "at": [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames],
        }
        if code := getattr(exception, "code", None):
            link["code"] = str(code)
        links.append(link)
        exception = exception.__cause__ or exception.__context__
    return links


def _only_known_words(_: Any, __: str, event: EventDict) -> EventDict:
    """A library's message: the fixed part of its first line, without what it filled in."""
    record: logging.LogRecord | None = event.get("_record")
    words = str(record.msg) if record is not None and record.args else str(event["event"])
    event["event"] = words.partition("\n")[0]
    return event
