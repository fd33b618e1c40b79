"""Answers that are JSON: JSON mode, a schema, and the SDK's own reading into a class."""

import json
from typing import Literal

from pydantic import BaseModel

from .harness import Trace, check, client, equal, user

QUESTION = "Where shall we meet?"
SCHEMA = {
    "type": "object",
    "properties": {
        "city": {"type": "string"},
        "attendees": {"type": "integer", "minimum": 2},
        "outdoors": {"type": "boolean"},
        "tags": {"type": "array", "items": {"enum": ["work", "fun"]}, "minItems": 2},
    },
    "required": ["city", "attendees", "outdoors", "tags"],
    "additionalProperties": False,
}
MEETING = {"city": "Oslo", "attendees": 2, "outdoors": True, "tags": ["work", "work"]}
FORMAT = {"type": "json_schema", "json_schema": {"name": "meeting", "strict": True, "schema": SCHEMA}}


class Person(BaseModel):
    name: str
    email: str


class Meeting(BaseModel):
    city: str
    mood: Literal["good", "bad"]
    people: list[Person]


@check
def json_mode_gives_an_object():
    chat = client.chat.completions.create(
        model="sim-smart", messages=user(QUESTION), response_format={"type": "json_object"}
    )
    equal(json.loads(chat.choices[0].message.content), {"answer": QUESTION, "simulated": True})


@check
def a_schema_gives_an_object_that_fits_it():
    trace = Trace()
    chat = client.chat.completions.create(
        model="sim-smart", messages=user(QUESTION), response_format=FORMAT, extra_headers=trace.headers
    )
    equal(json.loads(chat.choices[0].message.content), MEETING)
    equal(trace.body()["response_format"], FORMAT)


@check
def a_schema_gives_the_same_object_in_a_stream():
    chunks = client.chat.completions.create(
        model="sim-smart", messages=user(QUESTION), response_format=FORMAT, stream=True
    )
    equal(json.loads("".join(chunk.choices[0].delta.content or "" for chunk in chunks)), MEETING)


@check
def the_sdk_parses_an_answer_into_a_class():
    chat = client.chat.completions.parse(model="sim-smart", messages=user(QUESTION), response_format=Meeting)
    person = Person(name="Ada", email="sim@example.com")
    equal(chat.choices[0].message.parsed, Meeting(city="Oslo", mood="good", people=[person]))
