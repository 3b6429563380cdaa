// 'connector' = 'nexmark': the benchmark's generator, with the options of its connector for Flink,
// and four of ours: seed, base-time, splits, out-of-order.group-size.
#include "table_options.h"

namespace dataflow::sql {
namespace {

class NexmarkReader {
 public:
  NexmarkReader(TableOptions& options, plan::Options& out) : options_(options), out_(out) {}

  Status read() {
    for (const char* key : {"person.proportion", "auction.proportion", "first-event.rate", "splits",
                            "bid.hot-ratio.auctions", "bid.hot-ratio.bidders",
                            "auction.hot-ratio.sellers", "out-of-order.group-size"}) {
      DF_RETURN_IF_ERROR(integer(key, 1));
    }
    for (const char* key : {"bid.proportion", "seed"}) DF_RETURN_IF_ERROR(integer(key, 0));
    for (const char* key : {"person.avg-size", "auction.avg-size", "bid.avg-size"}) {
      DF_ASSIGN_OR_RETURN(const std::optional<int64_t> bytes, options_.bytes(key));
      if (bytes) out_[key] = std::to_string(*bytes);
    }
    if (const auto base = options_.text("base-time")) out_["base-time"] = *base;
    DF_RETURN_IF_ERROR(read_end());
    return read_pace();
  }

 private:
  Status integer(const char* key, int64_t least) {
    DF_RETURN_IF_ERROR(options_.integer(key, least, least).status());
    if (const std::optional<std::string> text = options_.text(key)) out_[key] = *text;
    return {};
  }

  Status read_end() {
    DF_ASSIGN_OR_RETURN(int64_t events, options_.integer("events.num", 0, 0));
    DF_ASSIGN_OR_RETURN(const int64_t stop, options_.integer("stop-at", -1, -1));
    if (stop == 0) return options_.wrong("stop-at", "give at least one event, or -1 for all");
    if (stop > 0 && (events == 0 || stop < events)) events = stop;
    if (events > 0) out_["events.num"] = std::to_string(events);
    DF_ASSIGN_OR_RETURN(const bool stays, options_.boolean("keep-alive", false));
    if (!stays) return {};
    return options_.wrong("keep-alive",
                          "a source that has made all its events ends here; leave "
                          "'events.num' away for one that never does");
  }

  // There the rate never changes either, whatever these say.
  Status read_pace() {
    options_.pass({"next-event.rate", "rate.shape", "rate.period", "scan.parallelism"});
    DF_ASSIGN_OR_RETURN(const bool limited, options_.boolean("rate.limited", false));
    DF_ASSIGN_OR_RETURN(const bool hurries, options_.boolean("max-emit-speed", !limited));
    if (limited || !hurries) out_["rate.limited"] = "true";
    return {};
  }

  TableOptions& options_;
  plan::Options& out_;
};

}  // namespace

Result<Connection> connect_nexmark(TableOptions& options) {
  Connection made;
  made.no_sink = "'nexmark' makes events and takes none";
  made.source.connector = "nexmark";
  NexmarkReader reader(options, made.source.options);
  DF_RETURN_IF_ERROR(reader.read());
  return made;
}

}  // namespace dataflow::sql
