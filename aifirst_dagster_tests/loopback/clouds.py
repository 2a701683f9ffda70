"""Loopback servers of the clouds that serve Claude: Bedrock's `invoke`, Vertex's `rawPredict` and its stream."""

from __future__ import annotations

import base64
import binascii
import json
import re
import struct
from typing import Any
from urllib.parse import unquote

from aifirst_dagster_tests.loopback.claude_cache import PromptCache
from aifirst_dagster_tests.loopback.claude_messages import bill_of, events_of, message_of
from aifirst_dagster_tests.loopback.claude_rules import MODELS, VERSION
from aifirst_dagster_tests.loopback.replies import Fail, MidStreamError, Reply
from aifirst_dagster_tests.loopback.server import LoopbackServer, Received, Refused, sse

TOKEN = "cloud-loopback-0123456789abcdef"


class CloudServer(LoopbackServer):
    """What both have in common: the model stands in the path, the version in the body, the token in the header."""

    place: re.Pattern[str]

    def __init__(self) -> None:
        super().__init__()
        self.cache = PromptCache()

    def asks(self, path: str) -> bool:
        """Whether a POST to `path` asks for an answer."""
        return self.place.fullmatch(path) is not None

    def streams(self, path: str, body: dict[str, Any]) -> bool:
        """Whether the answer is wanted as a stream."""
        return bool(body.get("stream"))

    def check(self, request: Received) -> None:
        """Raise `Refused` for what the cloud would refuse."""
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            raise Refused(403, "permission_error", "The security token included in the request is invalid.")
        found = self.place.fullmatch(request.path)
        assert found is not None
        request.body["model"] = unquote(found["model"]).removeprefix("us.anthropic.")
        if request.body["model"] not in MODELS:
            raise Refused(404, "not_found_error", f"The model {request.body['model']} is not served here.")
        if request.body.get("anthropic_version") != VERSION:
            raise Refused(400, "invalid_request_error", "anthropic_version: Field required")

    def answer(self, request: Received, reply: Reply) -> dict[str, Any]:
        """A whole answer."""
        return message_of(self.cache, request.body, reply)

    def events(self, answer: dict[str, Any]) -> tuple[list[bytes], list[bytes]]:
        """The answer as a stream."""
        found = list(events_of(answer))
        middle = next(place for place, event in enumerate(found) if event["type"] == "content_block_stop")
        sent = [sse(event, event["type"]) for event in found]
        return sent[:middle], sent[middle:]

    def bill(self, answer: dict[str, Any]) -> dict[str, int]:
        """Input and output tokens of an answer."""
        return bill_of(answer["usage"])

    def error(self, fail: Fail) -> dict[str, Any]:
        """An error's body."""
        return {"type": "error", "error": {"type": fail.type, "message": fail.message}}

    def stream_error(self, error: MidStreamError) -> bytes:
        """An error in the middle of a stream."""
        return sse({"type": "error", "error": {"type": error.type, "message": "scripted"}}, "error")


class BedrockServer(CloudServer):
    """Amazon's: no structured outputs with today's Sonnet, no token counts, errors of its own shape."""

    place = re.compile(r"/model/(?P<model>[^/]+)/invoke(-with-response-stream)?")

    def streams(self, path: str, body: dict[str, Any]) -> bool:
        """Whether the answer is wanted as a stream: the path says so, not the body."""
        return path.endswith("-with-response-stream")

    def events(self, answer: dict[str, Any]) -> tuple[list[bytes], list[bytes]]:
        """The answer in AWS's binary stream format, each event within a `chunk`."""
        found = list(events_of(answer))
        middle = next(place for place, event in enumerate(found) if event["type"] == "content_block_stop")
        sent = [
            _frame("event", "chunk", {"bytes": base64.b64encode(json.dumps(event).encode()).decode()})
            for event in found
        ]
        return sent[:middle], sent[middle:]

    def stream_error(self, error: MidStreamError) -> bytes:
        """An exception in the middle of a stream."""
        return _frame("exception", _EXCEPTIONS.get(error.type, "internalServerException"), {"message": "scripted"})

    def environment(self) -> dict[str, str]:
        """What a client needs to reach this server and nothing else."""
        return {
            "AWS_BEARER_TOKEN_BEDROCK": TOKEN,
            "AWS_REGION": "eu-central-1",
            "ANTHROPIC_BEDROCK_BASE_URL": self.url,
            "NO_PROXY": "127.0.0.1,localhost",
        }

    def check(self, request: Received) -> None:
        """Raise `Refused` for what Bedrock would refuse."""
        super().check(request)
        if "format" in (request.body.get("output_config") or {}):
            raise Refused(400, "invalid_request_error", "output_config.format: Extra inputs are not permitted")

    def error(self, fail: Fail) -> dict[str, Any]:
        """An error's body."""
        return {"message": fail.message}


#: Bedrock's own names of what goes wrong within a stream.
_EXCEPTIONS = {"overloaded_error": "serviceUnavailableException", "rate_limit_error": "throttlingException"}


def _frame(kind: str, name: str, payload: dict[str, str]) -> bytes:
    """One message of AWS's event stream: lengths, their checksum, headers, payload, checksum of all."""
    told = {":message-type": kind, f":{kind}-type": name, ":content-type": "application/json"}
    headers = b"".join(
        struct.pack("!B", len(key)) + key.encode() + struct.pack("!BH", 7, len(value)) + value.encode()
        for key, value in told.items()
    )
    body = json.dumps(payload).encode()
    start = struct.pack("!II", 16 + len(headers) + len(body), len(headers))
    whole = start + struct.pack("!I", binascii.crc32(start)) + headers + body
    return whole + struct.pack("!I", binascii.crc32(whole))


class VertexServer(CloudServer):
    """Google's."""

    place = re.compile(
        r"/projects/house/locations/eu/publishers/anthropic/models/(?P<model>[^/:]+):(raw|streamRaw)Predict"
    )

    def environment(self) -> dict[str, str]:
        """What a client needs to reach this server and nothing else."""
        return {
            "ANTHROPIC_VERTEX_TOKEN": TOKEN,
            "ANTHROPIC_VERTEX_PROJECT_ID": "house",
            "CLOUD_ML_REGION": "eu",
            "ANTHROPIC_VERTEX_BASE_URL": self.url,
            "NO_PROXY": "127.0.0.1,localhost",
        }

    def asks(self, path: str) -> bool:
        """Whether a POST to `path` asks for an answer."""
        return super().asks(path) and "count-tokens" not in path

    def other(self, request: Received) -> dict[str, Any] | None:
        """Token counts."""
        if "count-tokens" not in request.path:
            return None
        return {"input_tokens": len(json.dumps(request.body["messages"])) // 4}
