"""Writes the C++ of the codec from the schema files. A file whose text is unchanged keeps its time."""

import argparse
import pathlib
import sys

import cpp_messages
import cpp_random
import kmsg


def write_if_changed(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def into_shards(groups, shards):
    """Heaviest first, each to the lightest shard, so that the compilers share the work."""
    weights = [0] * shards
    result = [[] for _ in range(shards)]
    weight = {name: sum(1 + len(s.fields) for m in messages for s in [m, *m.structs])
              for name, messages in groups}
    for name, messages in sorted(groups, key=lambda group: (-weight[group[0]], group[0])):
        lightest = weights.index(min(weights))
        weights[lightest] += weight[name]
        result[lightest].append((name, messages))
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schema", required=True, help="folder of the .kmsg files")
    parser.add_argument("--out", required=True, type=pathlib.Path, help="folder to write to")
    parser.add_argument("--shards", type=int, required=True, help="number of source files")
    parser.add_argument("--random", action="store_true", help="write the round-trip test's part instead")
    options = parser.parse_args()

    try:
        apis, headers = kmsg.read_schema(options.schema)
    except kmsg.SchemaError as error:
        print(error, file=sys.stderr)
        return 1
    groups = [(api.name, [api.request, api.response]) for api in apis] + [("headers", headers)]
    shards = into_shards(groups, options.shards)
    if options.random:
        for number, shard in enumerate(shards):
            write_if_changed(options.out / f"random_{number}.cc", cpp_random.source_text(number, shard))
        write_if_changed(options.out / "random_list.cc", cpp_random.list_text(options.shards))
        return 0

    include = options.out / "include" / "wire"
    for api in apis:
        write_if_changed(include / "messages" / f"{api.name}.h",
                         cpp_messages.header_text([api.request, api.response], api))
    write_if_changed(include / "messages" / "headers.h", cpp_messages.header_text(headers, None))
    write_if_changed(include / "api_key.h", cpp_messages.api_key_text(apis))
    for number, shard in enumerate(shards):
        write_if_changed(options.out / f"messages_{number}.cc", cpp_messages.source_text(shard))
    write_if_changed(options.out / "api_ranges.cc", cpp_messages.api_ranges_text(apis))
    write_if_changed(options.out / "message_table.cc", cpp_messages.message_table_text(apis))
    return 0


if __name__ == "__main__":
    sys.exit(main())
