"""What `dataflow run FILE.sql -o json` prints: one JSON document behind the other."""

import json


def json_documents(text, **options):
    """Options are json.JSONDecoder's."""
    decoder, documents, at = json.JSONDecoder(**options), [], 0
    text = text.rstrip()
    while at < len(text):
        document, at = decoder.raw_decode(text, at)
        documents.append(document)
        while at < len(text) and text[at].isspace():
            at += 1
    return documents
