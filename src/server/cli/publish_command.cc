// dataflow publish
#include <CLI/CLI.hpp>

#include "cli/command_tree.h"
#include "cli/publish.h"

namespace dataflow::cli {

void add_publish_command(CommandTree& tree) {
  CLI::App& command =
      add_command(*tree.root, "publish", "publish events to a stream",
                  {"dataflow publish user-events '{\"user_id\":\"usr_1\",\"event\":\"login\"}'",
                   "dataflow publish user-events --file events.ndjson --key-field user_id",
                   "dataflow publish user-events --file events.csv --rate 100/s",
                   "tail -f app.log | dataflow publish app-log --file - --input text"});
  auto options = std::make_shared<Publish>();
  auto value = std::make_shared<std::string>();
  Publish& to = *options;
  command.add_option("STREAM", to.stream, "the stream")->required();
  CLI::Option* event = command.add_option("EVENT", *value, "one event, published as it is");
  CLI::Option* named =
      command.add_option("--value", *value, "the same, for a value that begins with a dash")
          ->type_name("EVENT");
  event->excludes(named);
  command
      .add_option(
          "-f,--file", to.file,
          ".json (an array, or values), .ndjson, .jsonl, .csv, .txt,\nor - for standard input")
      ->type_name("FILE");
  command
      .add_option("--input", to.input,
                  "what the file holds: json, ndjson, csv or text\n(default: by its name)")
      ->type_name("FORM");
  CLI::Option* key =
      command.add_option("-k,--key", to.key, "the key of every event")->type_name("KEY");
  CLI::Option* key_field =
      command
          .add_option("--key-field", to.key_field,
                      "take each event's key from this field (a.b goes deeper)")
          ->type_name("FIELD");
  CLI::Option* separator =
      command
          .add_option("--key-separator", to.key_separator,
                      "a line begins with its key and this, for lines of any text")
          ->type_name("TEXT");
  command.add_option("-H,--header", to.headers, "a header of every event; may be repeated")
      ->type_name("K=V")
      ->allow_extra_args(false);
  command
      .add_option("--partition", to.partition, "publish to this partition (default: by the key)")
      ->type_name("N")
      ->check(CLI::Range(0, 1'000'000));
  command.add_option("--rate", to.rate, "at most so many events: 100/s, 6000/m")->type_name("N/s");
  command
      .add_option("--batch-size", to.batch_size,
                  "most events in a batch (default 1000, and more while\nthe server is busy)")
      ->type_name("N")
      ->check(CLI::Range(1, 1'000'000));
  command
      .add_option("--compression", to.compression, "none, gzip, snappy, lz4 or zstd (default none)")
      ->type_name("CODEC");
  command.add_option("--acks", to.acks, "wait for: all (on disk), 1, or 0 (nothing) (default all)")
      ->type_name("ACKS");
  command.add_flag("--csv-texts", to.csv_texts,
                   "keep a CSV file's numbers, true and false as texts");
  command.add_flag("!--no-idempotence", to.idempotent,
                   "repeat without the protection against doubles");
  set_action(tree, command,
             [options, value, event, named, key, key_field, separator](Session& session) {
               if (event->count() + named->count() > 0) options->value = *value;
               options->has_key = key->count() > 0;
               options->has_key_field = key_field->count() > 0;
               options->has_key_separator = separator->count() > 0;
               return publish(session, *options);
             });
}

}  // namespace dataflow::cli
