"""Golden segments, read by strangers: pyarrow and DuckDB see the rows and types that Dolmen wrote.

    python3 crates/segment/tests/interop.py

Exit code 0 when all checks that could run passed; a missing library counts as skipped.
"""

import pathlib
import re
import sys

FOLDER = pathlib.Path(__file__).resolve().parents[3] / "segments" / "v1"
TYPES = {
    "pyarrow": {"LONG": "int64", "DOUBLE": "double", "FLOAT": "float", "STRING": "string", "COMPLEX": "binary"},
    "duckdb": {"LONG": "BIGINT", "DOUBLE": "DOUBLE", "FLOAT": "FLOAT", "STRING": "VARCHAR", "COMPLEX": "BLOB"},
}
TIME = {"pyarrow": "timestamp[ms, tz=UTC]", "duckdb": "TIMESTAMP WITH TIME ZONE"}

# Values of any type are spelled as keys in the text beside the file, which strangers do not see.
VALUES = {
    "longs": ([1, None], [], None, [-7]),
    "doubles": ([1.5, -0.0], None, [], [1e300]),
    "texts": (["b", "a\0"], [""], [], ["b", "a\0"]),
    "mixed": ("1", '"1"', "[1]", "1.0"),
    "numbers": ("1", "1.0", None, "-9223372036854775808"),
    "nested": ('{"a":{"b":[1,{}]}}', "true", None, '"x"'),
}


# Documents as JSON, and their paths as columns of their own.
NESTED = {
    "n": ('{"a":1,"b":{"c":"x","d":[1,2.5]},"m":1,"l":[{"k":true},7]}', *[...] * 2, None, '"plain"'),
    "n$": (None, None, None, None, "plain"),
    "n$.a": (1, -5, None, None, None),
    "n$.b.c": ("x", "y", None, None, None),
    "n$.b.d": ("[1.0,2.5]", '["z",null]', None, None, None),
    "n$.f": (None, 1.5, None, None, None),
    "n$.l": (None, None, [1, 2], None, None),
    "n$.l[0].k": (1, 0, None, None, None),
    "n$.l[1]": (7, None, None, None, None),
    "n$.m": ("1", '"one"', "[3]", None, None),
    "n$['it's']['']": (None, None, 0.25, None, None),
}

OF_VALUES = {"values": VALUES, "nested": NESTED}


def expected(path):
    """Columns as (name, type, multi-value), and the rows as `name=value` in the order of the file."""
    lines = path.read_text(encoding="utf-8").split("\n")
    at = next(i for i, line in enumerate(lines) if line.startswith("{"))
    pattern = re.compile(r"(.*) (LONG|DOUBLE|FLOAT|STRING|ARRAY<\w+>|COMPLEX<\w+>) (\w+)( multi-value)?$")
    columns = [pattern.match(line).groups() for line in lines[:at]]
    columns = [(n, t.split("<")[0], bool(m)) for n, t, role, m in columns if role != "Hidden"]
    return columns, ["; " + line for line in lines[at + 1 : -1]]


def check_types(library, found, columns):
    for name, kind, multi in columns:
        want = TIME[library] if name == "__time" else TYPES[library][kind]
        got = found[name]
        if multi:
            assert got in (f"list<element: {want}>", f"list<item: {want}>", f"{want}[]"), (name, got)
        else:
            assert got == want, (name, got, want)


def check_rows(rows, columns, lines):
    """Longs, times, and which values are null, against the text of each row."""
    assert len(rows) == len(lines), (len(rows), len(lines))
    for row, line in zip(rows, lines):
        for name, kind, multi in columns:
            value = row[name]
            present = f"; {name}=" in line
            assert present == (value is not None and value != [None]), (name, value, line)
            if present and kind == "LONG":
                assert f"; {name}={value}; " in line, (name, value, line)
            if present and kind == "STRING" and not multi and value.isascii() and value.isprintable():
                quoted = value.replace("\\", "\\\\").replace('"', '\\"')
                assert f'; {name}="{quoted}"; ' in line, (name, value, line)


def check_values(rows, values):
    """Lists where all are arrays of one type, else JSON; numbers and texts at paths."""
    for name, wanted in values.items():
        for value, want in zip([row[name] for row in rows], wanted, strict=True):
            assert want is ... or value == want, (name, value, want)


def by_pyarrow(path, columns, lines):
    import pyarrow.compute as compute
    import pyarrow.parquet as parquet

    table = parquet.read_table(path)
    if path.stem in OF_VALUES:
        return check_values(table.to_pylist(), OF_VALUES[path.stem])
    check_types("pyarrow", {f.name: str(f.type) for f in table.schema}, columns)
    at = table.schema.get_field_index("__time")
    table = table.set_column(at, "__time", compute.cast(table["__time"], "int64"))
    check_rows(table.to_pylist(), columns, lines)


def by_duckdb(path, columns, lines):
    import duckdb

    source = f"read_parquet('{path}')"
    with duckdb.connect() as db:
        if path.stem in OF_VALUES:
            answer = db.sql(f"select * exclude (__time) from {source}")
            rows = [dict(zip(answer.columns, row)) for row in answer.fetchall()]
            return check_values(rows, OF_VALUES[path.stem])
        types = db.sql(f"describe select * from {source}").fetchall()
        check_types("duckdb", {name: kind for name, kind, *_ in types}, columns)
        answer = db.sql(f"select * replace (epoch_ms(__time) as __time) from {source}")
        names = answer.columns
        check_rows([dict(zip(names, row)) for row in answer.fetchall()], columns, lines)


def main():
    passed, skipped = 0, 0
    for read in (by_pyarrow, by_duckdb):
        try:
            __import__(read.__name__.removeprefix("by_"))
        except ImportError as error:
            skipped += 1
            print(f"interop: skipped {read.__name__}: {error}")
            continue
        for path in sorted(FOLDER.glob("*.parquet")):
            read(path, *expected(path.with_suffix(".txt")))
            passed += 1
    print(f"interop: {passed} passed, {skipped} skipped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
