"""The audit trail as files, to be kept and read without the service: JSON Lines or Parquet, and a signed manifest beside them.

`run.export` writes, in constant memory; an interrupted export goes on where it stopped, and a finished one is lengthened by what
happened since. `check.check` verifies what was written, with the key ring or against a checkpoint, without a database.

    jsonl      FILE, one event a line, the very lines of `GET /v1/audit/export`; FILE.manifest.json
    parquet    FILE/, part files named after their first and last event; FILE/manifest.json   (the extra `parquet`)
"""
